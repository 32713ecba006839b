"""A 3x3 convolution with 16 multiplications for 4 pixels instead of 36, the same result to rounding.

Source: Winograd's F(2x2, 3x3), as in Lavin and Gray 2015, Fast Algorithms for Convolutional Neural Networks. The map is
cut into tiles of 4x4 pixels that overlap by two; tile and kernel, transformed, are multiplied value by value, and the
products, transformed back, are 2x2 pixels. In one dimension, with pixels d and kernel rows k:

    tile    d0 - d2    d1 + d2                  d2 - d1                  d1 - d3
    kernel  k0         (k0 + k1 + k2) / 2       (k0 - k1 + k2) / 2       k2
    pixels  m0 + m1 + m2 and m1 - m2 - m3, where m are the four products
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

Tensor = Any
_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])


def kernel_values(kernel: np.ndarray) -> np.ndarray:
    """Kernel [3, 3, in, out] -> its transform [16, in, out]."""
    found = np.einsum("au,bv,uvio->abio", _KERNEL, _KERNEL, kernel.astype(np.float64), optimize=True)
    return found.reshape(16, *kernel.shape[2:]).astype(np.float32)


def tiles(x: Tensor) -> Tensor:
    """A map [n, h, w, c] of even size, given a border of zeros -> its transformed tiles [16, n * h/2 * w/2, c]."""
    _, height, width, channels = x.shape
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows = _forth([x[:, i : i + height : 2] for i in range(4)])
    found = [_forth([row[:, :, j : j + width : 2] for j in range(4)]) for row in rows]
    return ops.reshape(ops.stack([tile for row in found for tile in row]), (16, -1, channels))


def untiled(products: Tensor, height: int, width: int) -> Tensor:
    """Products [16, n * h/2 * w/2, c] -> the map [n, h, w, c]."""
    channels = products.shape[-1]
    m = ops.reshape(products, (4, 4, -1, height // 2, width // 2, channels))
    rows = _back([m[i] for i in range(4)])
    lines = [ops.stack(_back([row[j] for j in range(4)]), axis=3) for row in rows]
    return ops.reshape(ops.stack(lines, axis=2), (-1, height, width, channels))


def _forth(d: Sequence[Tensor]) -> list[Tensor]:
    return [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]]


def _back(m: Sequence[Tensor]) -> list[Tensor]:
    return [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]
