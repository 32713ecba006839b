"""Faults of a note: each is found where it is, and not where it is not."""

import numpy as np
import pytest

from gansynth.report import faults

RATE = 16000
TIMES = np.arange(RATE) / RATE
# Rises within 50 ms, falls from half a second on.
SINE = 0.5 * np.sin(2 * np.pi * 220 * TIMES) * np.interp(TIMES, [0, 0.05, 0.5, 1], [0, 1, 1, 0])


def find(wave):
    return set(faults.find(wave.astype(np.float32), RATE))


def with_jump(place, height=0.4):
    wave = SINE.copy()
    wave[place] += height
    return wave


def saw(hertz):
    return 0.8 * (TIMES * hertz % 1 - 0.5)


def plucked():
    return np.exp(-8 * TIMES) * np.random.default_rng(0).standard_normal(RATE) * 0.2


@pytest.mark.parametrize("wave", [SINE, saw(41), plucked()], ids=["sine", "low saw", "burst of noise"])
def test_a_good_note_has_no_fault(wave):
    assert not find(wave)


@pytest.mark.parametrize("place", [1000, 8000, RATE - 5])
def test_a_single_jump_is_a_click(place):
    assert find(with_jump(place)) == {"clicking"}


def test_a_note_that_starts_away_from_zero_clicks():
    assert find(0.5 * np.cos(2 * np.pi * 220 * TIMES)) == {"clicking"}


def test_a_jump_within_the_noise_is_not_a_click():
    noise = 0.05 * np.random.default_rng(0).standard_normal(RATE)
    assert not find(with_jump(8000, 0.2) + noise)


def test_a_shift_is_off_centre():
    shifted = 0.3 * SINE + 0.05 * np.interp(TIMES, [0, 0.1, 0.9, 1], [0, 1, 1, 0])
    assert find(shifted) == {"off centre"}


def test_full_scale_is_clipped():
    assert find(np.clip(3 * SINE, -1, 1)) == {"clipped"}


@pytest.mark.parametrize(("wave", "fault"), [(1e-4 * SINE, "silent"), (SINE * np.nan, "not finite")])
def test_an_inaudible_note_has_one_fault(wave, fault):
    assert find(wave) == {fault}
