"""The operations that networks are trained with: those of keras.ops, with small filters written as sums of slices.

A filter of four values for each channel is a depthwise convolution. A GPU computes its gradient ten times slower than
the same sum of shifted maps, which a compiler joins with what comes before and after.
"""

from typing import Any

import numpy as np
from keras import ops as keras_ops

from core.nn.ops import Tensor

# Of the filter 1, 3, 3, 1 along an edge; they sum to one.
TAPS = (0.125, 0.375, 0.375, 0.125)


class TrainingOps:
    """`keras.ops`, but for `depthwise_conv` of a kernel that is the same for all channels and separable."""

    def __getattr__(self, name: str) -> Any:
        return getattr(keras_ops, name)

    def depthwise_conv(self, x: Tensor, kernel: np.ndarray, strides: int = 1, padding: str = "valid") -> Tensor:
        """Convolve each channel of a map [n, h, w, c] with kernel[:, :, 0, 0].

        Raises:
            ValueError: the kernel differs between channels or is not separable, or strides or padding are others.
        """
        one = np.asarray(kernel)[:, :, 0, 0]
        column, row = one.sum(axis=1), one.sum(axis=0) / one.sum()
        same = np.allclose(kernel, one[:, :, None, None]) and np.allclose(np.outer(column, row), one)
        if not same or strides != 1 or padding != "valid":
            raise ValueError("the kernel must be the same for all channels, separable, with strides 1 and no padding")
        return _along(_along(x, column, 1), row, 2)


def blurred(x: Tensor, before: int, after: int) -> Tensor:
    """A map [n, h, w, c] with zeros around it, through the filter 1, 3, 3, 1 along both edges."""
    x = keras_ops.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
    return _along(_along(x, TAPS, 1), TAPS, 2)


def halved(x: Tensor) -> Tensor:
    """A map of half the size, filtered by 1, 3, 3, 1: [n, h, w, c] -> [n, h / 2, w / 2, c]."""
    return blurred(x, 1, 1)[:, ::2, ::2]


def _along(x: Tensor, taps: Any, axis: int) -> Tensor:
    """Sum of shifted maps, without padding."""
    length, total = x.shape[axis] - len(taps) + 1, None
    for place, tap in enumerate(taps):
        part = x[:, place : place + length] if axis == 1 else x[:, :, place : place + length]
        total = part * float(tap) if total is None else total + part * float(tap)
    return total


ops = TrainingOps()
