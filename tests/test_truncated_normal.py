"""Truncated normal values: their bound and distribution, and the values of a seed, which never change."""

import numpy as np
import pytest

from core.latent.truncated_normal import truncated_normal


def drawn_again(seed, shape, precision):
    """What each seed gave in version 0.1: values beyond 2 are replaced from the same stream."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape, precision)
    while (outside := np.abs(values) > 2.0).any():
        values[outside] = rng.standard_normal(int(outside.sum()), precision)
    return values


def test_it_ends_at_two_and_does_not_clip():
    values = truncated_normal(np.random.default_rng(0), (20000,), 0.5)
    assert np.abs(values).max() < 1
    assert values.std() == pytest.approx(0.5 * 0.88, abs=0.01)
    assert values.dtype == np.float32


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_it_is_a_normal_distribution_within_two(precision):
    values = truncated_normal(np.random.default_rng(0), (20_000,), precision=precision)
    assert np.abs(values).max() <= 2
    assert values.std() == pytest.approx(0.88, abs=0.02)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize("truncation", [1.0, 0.37])
def test_a_seed_keeps_its_values(precision, truncation):
    values = truncated_normal(np.random.default_rng(7), (300, 9), truncation, precision)
    wanted = (precision(truncation) * drawn_again(7, (300, 9), precision)).astype(np.float32)
    assert np.array_equal(values, wanted)
