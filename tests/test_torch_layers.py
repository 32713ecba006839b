"""Layers of classifiers as torch computes them, against sums that are written out."""

import numpy as np
import pytest

from core.nn import engine, numpy_ops, torch_layers
from core.nn.torch_layers import Convolution

RNG = np.random.default_rng(0)
TABLE = [Convolution("conv", 2, 3, (3, 5), "norm")]


@pytest.fixture
def arrays():
    found = {"conv.weight": RNG.standard_normal((3, 2, 3, 5)), "conv.bias": RNG.standard_normal(3)}
    for name in ("weight", "bias", "running_mean"):
        found[f"norm.{name}"] = RNG.standard_normal(3)
    return {**found, "norm.running_var": RNG.uniform(0.5, 2, 3)}


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_has_its_batch_norm_and_as_many_zeros_before_a_map_as_behind_it(arrays, stride):
    x = RNG.standard_normal((1, 6, 8, 2)).astype(np.float32)
    around = np.pad(x[0], ((1, 1), (2, 2), (0, 0)))
    expected = np.zeros((-(-6 // stride), -(-8 // stride), 3))
    for row, column, channel in np.ndindex(*expected.shape):
        box = around[row * stride : row * stride + 3, column * stride : column * stride + 5]
        value = (box * arrays["conv.weight"][channel].transpose(1, 2, 0)).sum() + arrays["conv.bias"][channel]
        scale = arrays["norm.weight"][channel] / np.sqrt(arrays["norm.running_var"][channel] + 1e-5)
        expected[row, column, channel] = (value - arrays["norm.running_mean"][channel]) * scale
    expected += arrays["norm.bias"]
    weights = torch_layers.prepare(arrays, TABLE)
    graph = engine.compile(
        lambda ops, w, x: torch_layers.linear_convolve(ops, w, "conv", x, stride), weights, [x.shape]
    )
    assert np.allclose(graph(x)[0], expected, atol=1e-5)


def test_means_around_a_pixel_count_the_zeros_outside():
    found = torch_layers.average_around(numpy_ops, np.ones((1, 3, 3, 1), np.float32))
    assert np.allclose(9 * found[0, :, :, 0], [[4, 6, 4], [6, 9, 6], [4, 6, 4]])


def test_boxes_that_share_a_map_overlap_where_they_do_not_divide_it():
    x = np.arange(7, dtype=np.float32)[None, None, :, None]
    assert torch_layers.adaptive_means(numpy_ops, x, 1, 3).ravel().tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("conv.weight", None, "it has no conv.weight"),
        ("norm.bias", np.zeros(4), r"norm.bias must have shape \[3\], not \[4\]"),
        ("norm.weight", np.array([1, np.nan, 1]), "a value of norm.weight is not finite"),
    ],
)
def test_tensors_that_do_not_fit_are_named(arrays, name, value, reason):
    arrays = {key: kept for key, kept in {**arrays, name: value}.items() if kept is not None}
    with pytest.raises(ValueError, match=reason):
        torch_layers.prepare(arrays, TABLE)
