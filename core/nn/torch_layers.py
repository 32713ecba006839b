"""Layers of classifiers as torch computes them, over `core.nn.ops`; and their weights, batch norms folded in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from core import checks
from core.nn import batch_norm
from core.nn.ops import Ops, Tensor

# The axes of torch's kernels [out, in, height, width] in our order.
_TO_OURS = (2, 3, 1, 0)
Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Convolution:
    """A convolution of a network's table.

    Attributes:
        name: of torch's convolution, and of our kernel.
        inputs: channels.
        outputs: channels.
        size: height and width of the kernel.
        norm: name of the batch norm behind it; "": there is none.
    """

    name: str
    inputs: int
    outputs: int
    size: tuple[int, int]
    norm: str = ""


def prepare(arrays: Weights, table: Iterable[Convolution], epsilon: float = 1e-5) -> dict[str, np.ndarray]:
    """Kernels [height, width, in, out] and biases NAME.bias of convolutions, from torch's tensors.

    Raises:
        ValueError: a tensor is missing, has another shape or numbers that are not finite; the message names it.
    """
    found = {}
    for each in table:
        kernel = tensor(arrays, f"{each.name}.weight", (each.outputs, each.inputs, *each.size))
        if not each.norm:
            found[each.name] = np.ascontiguousarray(np.transpose(kernel, _TO_OURS), np.float32)
            found[f"{each.name}.bias"] = tensor(arrays, f"{each.name}.bias", (each.outputs,)).astype(np.float32)
            continue
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensor(arrays, f"{each.norm}.{part}", (each.outputs,))
        found[each.name], found[f"{each.name}.bias"] = batch_norm.fold(arrays, each.name, each.norm, epsilon)
    return found


def tensor(arrays: Weights, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor of a network; old files have those with one axis as [1, n].

    Raises:
        ValueError: it is missing, has another shape or numbers that are not finite.
    """
    if name not in arrays:
        raise ValueError(f"it has no {name}")
    value = arrays[name]
    if len(shape) == 1 and value.shape == (1, *shape):
        value = value[0]
    return checks.finite(name, checks.shape(name, value, shape))


def convolve(ops: Ops, weights: Weights, name: str, x: Tensor, stride: int = 1, border: int | None = None) -> Tensor:
    """Convolve a map, add the bias, and keep what is positive.

    Args:
        ops: the operations.
        weights: see `prepare`.
        name: of the convolution.
        x: [n, height, width, in].
        stride: of its steps.
        border: zeros around the map; None: as many as keep its size where the stride is 1.
    """
    return ops.relu(linear_convolve(ops, weights, name, x, stride, border))


def linear_convolve(
    ops: Ops, weights: Weights, name: str, x: Tensor, stride: int = 1, border: int | None = None
) -> Tensor:
    """The same without the last step."""
    kernel = weights[name]
    height, width = (size // 2 if border is None else border for size in kernel.shape[:2])
    # torch has as many zeros before a map as behind it, whatever the stride.
    padding = "same" if stride == 1 and border is None else "valid"
    if padding == "valid" and (height or width):
        x = ops.pad(x, ((0, 0), (height, height), (width, width), (0, 0)))
    return ops.conv(x, kernel, stride, padding) + weights[f"{name}.bias"]


def average_around(ops: Ops, x: Tensor) -> Tensor:
    """Means of boxes of 3 x 3 around each pixel; zeros outside of the map count."""
    return ops.average_pool(ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), 3, 1, "valid")


def adaptive_means(ops: Ops, x: Tensor, height: int, width: int) -> Tensor:
    """Means of height x width boxes that share a map [n, h, w, c] as torch's AdaptiveAvgPool2d does it."""
    rows = ops.matmul(_shares(x.shape[1], height), ops.reshape(x, (-1, x.shape[1], x.shape[2] * x.shape[3])))
    rows = ops.reshape(rows, (-1, x.shape[2], x.shape[3]))
    return ops.reshape(ops.matmul(_shares(x.shape[2], width), rows), (-1, height, width, x.shape[3]))


def _shares(size: int, boxes: int) -> np.ndarray:
    """The matrix [boxes, size] that takes means of overlapping boxes."""
    found = np.zeros((boxes, size), np.float32)
    for box in range(boxes):
        begin, end = box * size // boxes, -(-(box + 1) * size // boxes)
        found[box, begin:end] = 1 / (end - begin)
    return found
