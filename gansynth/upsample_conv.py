"""A nearest-neighbour doubling followed by a 3x3 convolution, with a quarter of the multiplications, same result.

Plainly, every small pixel is multiplied by the same kernel rows again and again. Here each of the nine products
kernel[u, v] * pixel is computed once, in one matrix product on the small map, and each big pixel adds the nine that it
sees; in one dimension, with small pixels s and kernel rows k0 k1 k2:

    big 2i     = k0 s[i-1] + k1 s[i] + k2 s[i]
    big 2i + 1 = k0 s[i]   + k1 s[i] + k2 s[i+1]

That is 9 multiplications instead of 36; four 2x2 convolutions on the small map would take 16.
"""

from typing import Any

import numpy as np
from keras import ops

Tensor = Any
# Which small pixels (0: before, 1: own, 2: after) the three kernel rows meet, for an even and an odd big pixel.
_SEEN = ((0, 1, 1), (1, 1, 2))


def product_kernel(kernel: np.ndarray) -> np.ndarray:
    """Kernel [3, 3, in, out] -> the matrix [in, 9 * out] of its nine products."""
    return np.ascontiguousarray(kernel.transpose(2, 0, 1, 3)).reshape(kernel.shape[2], -1)


def products(x: Tensor, kernel: Tensor) -> Tensor:
    """A map [n, h, w, c], given a border of zeros, times a `product_kernel`: [n, h+2, w+2, 3, 3, c']."""
    _, height, width, channels = x.shape
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    found = ops.matmul(ops.reshape(x, (-1, channels)), kernel)
    return ops.reshape(found, (-1, height + 2, width + 2, 3, 3, kernel.shape[-1] // 9))


def doubled(products: Tensor) -> Tensor:
    """What `products` gives, added up: the doubled and convolved map [n, 2h, 2w, c']."""
    height, width = products.shape[1] - 2, products.shape[2] - 2
    big = []
    for parity in (0, 1):
        row = sum(products[:, i : i + height, :, u] for u, i in enumerate(_SEEN[parity]))
        places = [sum(row[:, :, j : j + width, v] for v, j in enumerate(_SEEN[column])) for column in (0, 1)]
        big.append(ops.stack(places, axis=3))
    return ops.reshape(ops.stack(big, axis=2), (-1, 2 * height, 2 * width, products.shape[-1]))
