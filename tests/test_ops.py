"""One table of operations, three implementations: the same inputs through all of them agree, one by one."""

import keras.ops
import numpy as np
import pytest

from core.nn import engine, normalization, numpy_ops, products, sampling, torch_layers
from core.nn.quantized import quantized

RNG = np.random.default_rng(0)
MAP, OTHER = (RNG.standard_normal((2, 5, 6, 3)).astype(np.float32) for _ in range(2))
ROWS = RNG.standard_normal((4, 6)).astype(np.float32)
KERNEL = RNG.standard_normal((3, 3, 3, 4)).astype(np.float32)
WIDE = RNG.standard_normal((4, 4, 4, 3)).astype(np.float32)
DEEP = RNG.standard_normal((4, 3, 3, 2)).astype(np.float32)
MATRIX = RNG.standard_normal((3, 7)).astype(np.float32)
PLACES = RNG.uniform(-2, 8, (1, 4, 3, 2)).astype(np.float32)
BIASED = {"kernel": KERNEL, "kernel.bias": ROWS[0, :4]}
EVEN = RNG.standard_normal((2, 4, 6, 3)).astype(np.float32)

# In graphs a convolved map has its channels first, so that what follows is tried in both layouts.
LAYOUTS = {"last": lambda ops, x: x, "first": lambda ops, x: ops.conv(x, np.eye(3, dtype=np.float32)[None, None])}
ON_A_MAP = {
    "absolute": lambda ops, x: ops.absolute(x),
    "add": lambda ops, x: ops.add(x, OTHER) + x + 1.5 + np.arange(3),
    "average_pool": lambda ops, x: ops.average_pool(x, 2, 2, "valid"),
    "average_pool_same": lambda ops, x: ops.average_pool(x, (2, 3), (2, 1), "same"),
    "broadcast_to": lambda ops, x: ops.broadcast_to(x[:, :1], (2, 5, 6, 3)),
    "cast": lambda ops, x: ops.cast(ops.cast(3.0 * x, "int32"), "float32"),
    "clip": lambda ops, x: ops.clip(x, -0.5, 0.25),
    "concatenate": lambda ops, x: ops.concatenate([x, OTHER, 2.0 * x], axis=-1),
    "concatenate_rows": lambda ops, x: ops.concatenate([x, OTHER], axis=1),
    "conv": lambda ops, x: ops.conv(x, KERNEL, 1, "valid"),
    "conv_same": lambda ops, x: ops.conv(x, KERNEL, 1, "same"),
    "argmin": lambda ops, x: ops.cast(ops.argmin(x, axis=1), "float32"),
    "conv_apart": lambda ops, x: ops.conv(x, KERNEL, 1, "same", dilation_rate=2),
    "conv_apart_valid": lambda ops, x: ops.conv(x, KERNEL, 1, "valid", dilation_rate=(1, 2)),
    "conv_steps": lambda ops, x: ops.conv(x, KERNEL, 2, "same"),
    "conv_transpose": lambda ops, x: ops.conv_transpose(x, WIDE, 2, "valid"),
    "conv_transpose_same": lambda ops, x: ops.conv_transpose(x, WIDE, 2, "same"),
    "convert_to_tensor": lambda ops, x: ops.convert_to_tensor(x),
    "cumsum": lambda ops, x: ops.cumsum(x, axis=1),
    "depthwise_conv": lambda ops, x: ops.depthwise_conv(x, DEEP, 1, "valid"),
    "depthwise_conv_same": lambda ops, x: ops.depthwise_conv(x, DEEP, 2, "same"),
    "divide": lambda ops, x: ops.divide(x, 2.0 + ops.square(x)) + 1.0 / (1.0 + x * x),
    "erf": lambda ops, x: ops.erf(x),
    "exp": lambda ops, x: ops.exp(x),
    "expand_dims": lambda ops, x: ops.expand_dims(x, axis=2),
    "flip": lambda ops, x: ops.flip(x, (1, 3)),
    "floor": lambda ops, x: ops.floor(3.0 * x),
    "gelu": lambda ops, x: ops.gelu(x, approximate=False),
    "gelu_by_tanh": lambda ops, x: ops.gelu(x),
    "greater_equal": lambda ops, x: ops.cast(ops.greater_equal(x, 0.25), "float32"),
    "leaky_relu": lambda ops, x: ops.leaky_relu(x, 0.2),
    "log": lambda ops, x: ops.log(ops.absolute(x) + 0.1),
    "matmul": lambda ops, x: ops.matmul(x, MATRIX),
    "max": lambda ops, x: ops.max(x, axis=(1, 2)),
    "max_pool": lambda ops, x: ops.max_pool(x, 2, 2, "valid"),
    "max_pool_same": lambda ops, x: ops.max_pool(x, 2, 2, "same"),
    "maximum": lambda ops, x: ops.maximum(x, OTHER),
    "mean": lambda ops, x: ops.mean(x, axis=-1, keepdims=True),
    "mean_of_axes": lambda ops, x: ops.mean(x, axis=(0, 2)),
    "mean_of_all": lambda ops, x: ops.mean(x),
    "minimum": lambda ops, x: ops.minimum(x, 0.25),
    "multiply": lambda ops, x: ops.multiply(x, OTHER) * np.float32(0.5) * np.ones((5, 1, 1)),
    "negative": lambda ops, x: -x,
    "pad": lambda ops, x: ops.pad(x, ((0, 0), (1, 0), (0, 2), (0, 3))),
    "pad_mirrored": lambda ops, x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)), mode="reflect"),
    "relu": lambda ops, x: ops.relu(x),
    "repeat": lambda ops, x: ops.repeat(ops.repeat(x, 2, axis=1), 3, axis=2),
    "reshape": lambda ops, x: ops.reshape(x, (-1, 10, 9)),
    "rsqrt": lambda ops, x: ops.rsqrt(ops.square(x) + 0.1),
    "sigmoid": lambda ops, x: ops.sigmoid(x),
    "sin_and_cos": lambda ops, x: ops.sin(10.0 * x) + ops.cos(x),
    "slices": lambda ops, x: x[:, 1:4, ::2],
    "slices_and_new_axes": lambda ops, x: x[0, ..., None, 1:] + x[1, :, :, None, -2:],
    "softmax": lambda ops, x: ops.softmax(x, axis=-1),
    "sqrt": lambda ops, x: ops.sqrt(ops.absolute(x)),
    "square": lambda ops, x: ops.square(x),
    "stack": lambda ops, x: ops.stack([x, x + 1.0], axis=3),
    "stop_gradient": lambda ops, x: ops.stop_gradient(x),
    "subtract": lambda ops, x: ops.subtract(1.0, x) - x,
    "sum": lambda ops, x: ops.sum(x, axis=1) + ops.sum(x),
    "take": lambda ops, x: ops.take(x, [2, 0, 1], axis=-1),
    "take_a_table": lambda ops, x: ops.take(x, np.array([[0, 1], [3, 4]]), axis=1),
    "tanh": lambda ops, x: ops.tanh(x),
    "transpose": lambda ops, x: ops.transpose(x, (0, 3, 1, 2)),
    "transposed": lambda ops, x: products.transposed(ops, x, WIDE, 2, "valid"),
    "group_norm": lambda ops, x: normalization.group_norm(
        ops, ops.concatenate([x, OTHER], axis=-1), np.arange(6, dtype=np.float32), np.ones(6, np.float32), 2
    ),
    "warp": lambda ops, x: sampling.warp(ops, x, PLACES),
    "convolve": lambda ops, x: products.convolve(ops, x, KERNEL),
    "dense": lambda ops, x: products.dense(ops, x, MATRIX.T.copy()),
    "dense_of_8_bits": lambda ops, x: products.dense(ops, x, quantized(np.eye(3, dtype=np.float32))),
    "pixel_norm": lambda ops, x: normalization.pixel_norm(ops, x),
    "layer_norm": lambda ops, x: normalization.layer_norm(ops, x, MATRIX[:, 0], MATRIX[:, 1]),
    "multiply_by_a_matrix": lambda ops, x: products.multiply(ops, x, MATRIX),
    "average_around": lambda ops, x: torch_layers.average_around(ops, x),
    "adaptive_means": lambda ops, x: torch_layers.adaptive_means(ops, x, 2, 4),
    "convolve_as_torch": lambda ops, x: torch_layers.convolve(ops, BIASED, "kernel", x, 2),
}
ON_ROWS = {
    "matmul": lambda ops, x: ops.matmul(x, ops.transpose(x)),
    "reshape": lambda ops, x: ops.reshape(x, (-1, 2, 3)) * np.arange(3.0),
    "softmax": lambda ops, x: ops.softmax(x, axis=0),
    "broadcast": lambda ops, x: ops.conv(MAP, KERNEL[:1, :1, :, :3]) * x[:2, None, None, :3],
    "concatenate": lambda ops, x: ops.concatenate([x, ROWS], axis=-1),
}
# Operations of spectra, which no graph has.
ON_SPECTRA = {
    "arctan2": lambda ops, x: ops.arctan2(x, OTHER),
    "irfft": lambda ops, x: ops.irfft((x[..., 0], x[..., 1]), 10),
    "logical_and": lambda ops, x: ops.where(ops.logical_and(x > 0, x < 1), x, -x),
    "mod": lambda ops, x: ops.mod(x, 0.7),
    "ones_like": lambda ops, x: ops.ones_like(x) + ops.zeros_like(x),
    "rfft": lambda ops, x: ops.stack(ops.rfft(x[:, 0], 3), axis=-1),
    "where": lambda ops, x: ops.where(x > 0, x, 0.5 * x),
}


def in_all(operation, x):
    """What Keras, NumPy and OpenVINO give."""
    graph = engine.compile(lambda ops, weights, x: operation(ops, x), {}, [x.shape])
    return np.asarray(operation(keras.ops, x)), operation(numpy_ops, x), graph(x)


def assert_same(expected, *found):
    for each in found:
        assert each.shape == expected.shape
        np.testing.assert_allclose(each, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ON_A_MAP)
def test_a_map_comes_out_the_same(name, layout):
    assert_same(*in_all(lambda ops, x: ON_A_MAP[name](ops, LAYOUTS[layout](ops, x)), MAP))


@pytest.mark.parametrize("name", ON_ROWS)
def test_rows_come_out_the_same(name):
    assert_same(*in_all(ON_ROWS[name], ROWS))


@pytest.mark.parametrize("name", ON_SPECTRA)
def test_spectra_come_out_the_same(name):
    assert_same(np.asarray(ON_SPECTRA[name](keras.ops, MAP)), ON_SPECTRA[name](numpy_ops, MAP))


@pytest.mark.parametrize("name", numpy_ops.__all__)
def test_every_operation_has_the_name_of_keras_and_a_test(name):
    assert hasattr(keras.ops, name)
    tables = (ON_A_MAP, ON_ROWS, ON_SPECTRA)
    assert any(name in operation.__code__.co_names for table in tables for operation in table.values())


def test_a_doubling_and_a_convolution_are_one_transposed_convolution():
    def plain(ops, x):
        return ops.conv(ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2), KERNEL, 1, "same")

    kernel = products.upsample_kernel(numpy_ops, KERNEL)
    results = in_all(lambda ops, x: products.upsample_conv(ops, x, kernel), MAP)
    assert_same(plain(numpy_ops, MAP), *results)
