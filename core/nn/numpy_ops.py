"""Operations on NumPy arrays, with the names and meaning of `keras.ops`; see `core.nn.ops`.

Spectra are computed with these when a network is played; everything else is what tests compare the other ends with.
"""

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import (
    absolute,
    add,
    arctan2,
    argmin,
    broadcast_to,
    clip,
    concatenate,
    cos,
    divide,
    exp,
    expand_dims,
    flip,
    floor,
    greater_equal,
    log,
    logical_and,
    max,
    maximum,
    mean,
    minimum,
    mod,
    multiply,
    ones_like,
    pad,
    repeat,
    reshape,
    sin,
    sqrt,
    square,
    stack,
    subtract,
    sum,
    take,
    tanh,
    transpose,
    where,
    zeros_like,
)

__all__ = [
    "absolute",
    "add",
    "arctan2",
    "argmin",
    "average_pool",
    "broadcast_to",
    "cast",
    "clip",
    "concatenate",
    "conv",
    "conv_transpose",
    "convert_to_tensor",
    "cos",
    "cumsum",
    "depthwise_conv",
    "divide",
    "erf",
    "exp",
    "expand_dims",
    "flip",
    "floor",
    "gelu",
    "greater_equal",
    "irfft",
    "leaky_relu",
    "log",
    "logical_and",
    "matmul",
    "max",
    "max_pool",
    "maximum",
    "mean",
    "minimum",
    "mod",
    "multiply",
    "ones_like",
    "pad",
    "relu",
    "repeat",
    "reshape",
    "rfft",
    "rsqrt",
    "sigmoid",
    "sin",
    "softmax",
    "sqrt",
    "square",
    "stack",
    "stop_gradient",
    "subtract",
    "sum",
    "take",
    "tanh",
    "transpose",
    "where",
    "zeros_like",
]

Array = np.ndarray
Size = int | Sequence[int]


def convert_to_tensor(x: Any, dtype: str | None = None) -> Array:
    """A number or an array as an array."""
    return np.asarray(x, dtype)


def cast(x: Array, dtype: str) -> Array:
    """Values as another type."""
    return np.asarray(x, dtype)


def stop_gradient(variable: Array) -> Array:
    """The same; arrays have no gradients."""
    return variable


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x)."""
    return 1.0 / np.sqrt(x)


def erf(x: Array) -> Array:
    """Gauss's error function."""
    # Importing it takes as long as importing NumPy, and no command that plays sounds needs it.
    import scipy.special

    return scipy.special.erf(x)


def gelu(x: Array, approximate: bool = True) -> Array:
    """Gaussian error linear unit, by the error function or, approximately, by a hyperbolic tangent."""
    if approximate:
        return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))


def relu(x: Array) -> Array:
    """Keep x where it is positive, else 0."""
    return np.maximum(x, 0.0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    """Keep x where it is positive, else x * negative_slope."""
    return np.where(x > 0, x, x * negative_slope)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


def softmax(x: Array, axis: int = -1) -> Array:
    """Shares that sum to 1 along an axis."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def cumsum(x: Array, axis: int) -> Array:
    """Running sums along an axis; NumPy's own takes eight times as long where it is not the last."""
    if axis % x.ndim == x.ndim - 1:
        return np.cumsum(x, axis=axis, dtype=x.dtype)
    found = np.array(x)
    rows = np.moveaxis(found, axis, 0)
    for row in range(1, len(rows)):
        rows[row] += rows[row - 1]
    return found


def matmul(x1: Array, x2: Array) -> Array:
    """Matrix products of the last two axes."""
    return np.matmul(x1, x2)


def rfft(x: Array, fft_length: int) -> tuple[Array, Array]:
    """Real and imaginary part of the Fourier transform of real values [..., fft_length]: [..., fft_length / 2 + 1]."""
    found = np.fft.rfft(x, fft_length)
    # NumPy 1 computes in float64.
    return found.real.astype(x.dtype, copy=False), found.imag.astype(x.dtype, copy=False)


def irfft(x: tuple[Array, Array], fft_length: int) -> Array:
    """The way back from real and imaginary parts."""
    values = np.empty(x[0].shape, np.result_type(x[0].dtype, np.complex64))
    values.real, values.imag = x
    return np.fft.irfft(values, fft_length).astype(x[0].dtype, copy=False)


def conv(
    inputs: Array,
    kernel: Array,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> Array:
    """Convolve a map [n, h, w, in] with a kernel [height, width, in, out]: [n, h', w', out]."""
    apart = _pair(dilation_rate)
    height, width = ((size - 1) * step + 1 for size, step in zip(kernel.shape[:2], apart, strict=True))
    boxes = _boxes(inputs, (height, width), _pair(strides), padding, 0.0)[..., :: apart[0], :: apart[1]]
    return np.einsum("nhwiuv,uvio->nhwo", boxes, kernel, optimize=True)


def depthwise_conv(inputs: Array, kernel: Array, strides: Size = 1, padding: str = "valid") -> Array:
    """Convolve each channel of a map [n, h, w, c] with its own kernels, [height, width, c, m]: [n, h', w', c * m]."""
    boxes = _boxes(inputs, kernel.shape[:2], _pair(strides), padding, 0.0)
    found = np.einsum("nhwiuv,uvim->nhwim", boxes, kernel, optimize=True)
    return found.reshape(*found.shape[:3], -1)


def conv_transpose(inputs: Array, kernel: Array, strides: Size, padding: str = "valid") -> Array:
    """Convolve a map [n, h, w, in], its pixels `strides` apart, with a kernel [height, width, out, in]."""
    steps, size = _pair(strides), kernel.shape[:2]
    count, *lengths = inputs.shape[:3]
    whole = [(length - 1) * step + reach for length, step, reach in zip(lengths, steps, size, strict=True)]
    found = np.zeros((count, *whole, kernel.shape[2]), np.result_type(inputs, kernel))
    for u, v in np.ndindex(*size):
        rows = slice(u, u + (lengths[0] - 1) * steps[0] + 1, steps[0])
        columns = slice(v, v + (lengths[1] - 1) * steps[1] + 1, steps[1])
        found[:, rows, columns] += inputs @ kernel[u, v].T
    if padding == "valid":
        return found
    top, left = ((reach - step) // 2 for reach, step in zip(size, steps, strict=True))
    return found[:, top : top + lengths[0] * steps[0], left : left + lengths[1] * steps[1]]


def max_pool(inputs: Array, pool_size: Size, strides: Size | None = None, padding: str = "valid") -> Array:
    """Largest values of boxes of a map."""
    steps = pool_size if strides is None else strides
    return _boxes(inputs, _pair(pool_size), _pair(steps), padding, -np.inf).max(axis=(-2, -1))


def average_pool(inputs: Array, pool_size: Size, strides: Size | None = None, padding: str = "valid") -> Array:
    """Means of boxes of a map; what lies outside of it does not count."""
    steps = pool_size if strides is None else strides
    return np.nanmean(_boxes(inputs, _pair(pool_size), _pair(steps), padding, np.nan), axis=(-2, -1))


def _boxes(x: Array, size: tuple[int, int], steps: tuple[int, int], padding: str, outside: float) -> Array:
    """Boxes of a map [n, h, w, c]: [n, h', w', c, height, width]."""
    if padding == "same":
        missing = [
            builtins.max((-(-length // step) - 1) * step + reach - length, 0)
            for length, reach, step in zip(x.shape[1:3], size, steps, strict=True)
        ]
        around = [(0, 0), *((each // 2, each - each // 2) for each in missing), (0, 0)]
        x = np.pad(x, around, constant_values=outside)
    boxes = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    return boxes[:, :: steps[0], :: steps[1]]


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
