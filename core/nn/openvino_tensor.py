"""A node of an OpenVINO graph that behaves like a tensor of `keras.ops`.

OpenVINO convolves maps [n, channels, height, width]. Turning every map around before and after each convolution takes
as long as the convolution, so a tensor remembers how it is laid out, and is turned only where an operation needs the
other layout: at a graph's ends, and where a map is reshaped.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.nn.openvino_runtime import openvino, opset

# Axes of a map with its channels last, in the order of channels first, and back.
_TO_FIRST, _TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class GraphTensor:
    """A node whose shape is [n, height, width, channels], or any other, whatever its layout.

    `shape` is a tuple of integers, -1 for an axis of any size; `dtype` a NumPy dtype; `channels_first` says whether the
    four axes of `node` are [n, channels, height, width].
    """

    # Lets NumPy arrays leave `array * tensor` to the tensor.
    __array_ufunc__ = None

    def __init__(self, node: Any, channels_first: bool = False) -> None:
        # An operation's node may have several outputs; the first is its result.
        self.node = node.output(0) if isinstance(node, openvino().Node) else node
        self.channels_first = channels_first

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape with channels last."""
        sizes = self.node.get_partial_shape()
        shape = tuple(size.get_length() if size.is_static else -1 for size in sizes)
        return tuple(shape[axis] for axis in _TO_LAST) if self.channels_first else shape

    @property
    def dtype(self) -> np.dtype:
        """The type of its values."""
        return np.dtype(self.node.get_element_type().to_dtype())

    def __repr__(self) -> str:
        return f"tensor {list(self.shape)}"

    def axis(self, axis: int) -> int:
        """The node's axis for an axis of `shape`, which may count from the end."""
        axis = axis % len(self.shape)
        return _TO_FIRST.index(axis) if self.channels_first else axis

    def last(self) -> "GraphTensor":
        """The same with its channels last."""
        return GraphTensor(transposed(self.node, _TO_LAST)) if self.channels_first else self

    def first(self) -> "GraphTensor":
        """The same map with its channels first."""
        return self if self.channels_first else GraphTensor(transposed(self.node, _TO_FIRST), True)

    def reshaped(self, shape: Sequence[int]) -> "GraphTensor":
        """The same values in another shape, in which one number may be -1.

        Several may be -1 where the axes at these places have any size, which they keep.
        """
        several = list(shape).count(-1) > 1
        if several and any(size == -1 != before for size, before in zip(shape, self.shape, strict=False)):
            raise ValueError(f"{self} cannot be reshaped to {list(shape)}; at most one size may be -1")
        numbers = np.array([0 if several and size == -1 else size for size in shape], np.int64)
        return GraphTensor(opset().reshape(self.last().node, numbers, several))

    def __add__(self, other: Any) -> "GraphTensor":
        return binary("add", self, other)

    def __radd__(self, other: Any) -> "GraphTensor":
        return binary("add", other, self)

    def __sub__(self, other: Any) -> "GraphTensor":
        return binary("subtract", self, other)

    def __rsub__(self, other: Any) -> "GraphTensor":
        return binary("subtract", other, self)

    def __mul__(self, other: Any) -> "GraphTensor":
        return binary("multiply", self, other)

    def __rmul__(self, other: Any) -> "GraphTensor":
        return binary("multiply", other, self)

    def __truediv__(self, other: Any) -> "GraphTensor":
        return binary("divide", self, other)

    def __rtruediv__(self, other: Any) -> "GraphTensor":
        return binary("divide", other, self)

    def __neg__(self) -> "GraphTensor":
        return GraphTensor(opset().negative(self.node), self.channels_first)

    def __getitem__(self, index: Any) -> "GraphTensor":
        """Integers, slices, None and ... as in NumPy."""
        index = _complete(index if isinstance(index, tuple) else (index,), len(self.shape))
        parts = [part for part in index if part is not None]
        found = self._sliced([slice(part, part + 1 or None) if isinstance(part, int) else part for part in parts])
        if all(isinstance(part, slice) for part in index):
            return found
        sizes = iter(found.shape)
        shape = [1 if part is None else next(sizes) for part in index]
        return found.reshaped([size for size, part in zip(shape, index, strict=True) if not isinstance(part, int)])

    def _sliced(self, parts: Sequence[slice]) -> "GraphTensor":
        cut = {}
        for axis, (part, size) in enumerate(zip(parts, self.shape, strict=True)):
            start, stop, step = part.indices(size)
            if step < 1:
                raise ValueError(f"a slice has the step {step}; it must be at least 1, see flip")
            if (start, stop, step) != (0, size, 1):
                cut[self.axis(axis)] = (start, max(start, stop), step)
        if not cut:
            return self
        starts, stops, steps = (np.array(numbers, np.int64) for numbers in zip(*cut.values(), strict=True))
        axes = np.array(list(cut), np.int64)
        return GraphTensor(opset().slice(self.node, starts, stops, steps, axes), self.channels_first)


def transposed(node: Any, order: Sequence[int]) -> Any:
    """A node with its axes in another order."""
    return opset().transpose(node, np.array(order, np.int64))


def constant(value: Any, dtype: Any = None) -> GraphTensor:
    """A number or an array as a tensor. Without a dtype float64 becomes float32, as in Keras."""
    array = np.asarray(value)
    if dtype is None and array.dtype == np.float64:
        dtype = np.float32
    # Without the last step a single number would become an array [1].
    return GraphTensor(opset().constant(np.ascontiguousarray(array, dtype).reshape(array.shape)))


def tensor(value: Any, like: Any = None) -> GraphTensor:
    """A tensor as it is; a number or an array as one, of the type of the tensor `like`."""
    if isinstance(value, GraphTensor):
        return value
    return constant(value, like.dtype if isinstance(like, GraphTensor) else None)


def binary(name: str, one: Any, other: Any) -> GraphTensor:
    """An operation of two tensors, arrays or numbers, of which at least one is a tensor; shapes broadcast."""
    one, other = tensor(one, like=other), tensor(other, like=one)
    nodes, channels_first = aligned([one, other])
    try:
        return GraphTensor(getattr(opset(), name)(*nodes), channels_first)
    except RuntimeError as error:
        raise ValueError(f"OpenVINO cannot {name} tensors of {one.shape} and {other.shape}") from error


def aligned(tensors: Sequence[GraphTensor]) -> tuple[list[Any], bool]:
    """The nodes of tensors in one layout, ready to be broadcast; and whether that has the channels first."""
    if not any(each.channels_first for each in tensors):
        return [each.node for each in tensors], False
    nodes = []
    for each in tensors:
        if len(each.shape) not in (0, 4):
            each = each.reshaped([1] * (4 - len(each.shape)) + list(each.shape))
        nodes.append(each.first().node if each.shape else each.node)
    return nodes, True


def _complete(index: tuple[Any, ...], rank: int) -> tuple[Any, ...]:
    """An index with a slice for every axis that it leaves out."""
    missing = rank - sum(part is not None and part is not Ellipsis for part in index)
    place = next((i for i, part in enumerate(index) if part is Ellipsis), len(index))
    return (*index[:place], *[slice(None)] * missing, *index[place + 1 :])
