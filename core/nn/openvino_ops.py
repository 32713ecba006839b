"""Operations that build an OpenVINO graph, with the names and meaning of `keras.ops`; see `core.nn.ops`."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# These belong to the table too.
from core.nn.openvino_products import average_pool as average_pool
from core.nn.openvino_products import conv as conv
from core.nn.openvino_products import conv_transpose as conv_transpose
from core.nn.openvino_products import dense as dense
from core.nn.openvino_products import depthwise_conv as depthwise_conv
from core.nn.openvino_products import matmul as matmul
from core.nn.openvino_products import max_pool as max_pool
from core.nn.openvino_runtime import openvino, opset
from core.nn.openvino_tensor import GraphTensor, aligned, binary, constant, tensor, transposed

Axes = int | Sequence[int] | None


def _unary(name: str) -> Callable[[Any], GraphTensor]:
    def operation(x: Any) -> GraphTensor:
        x = tensor(x)
        return GraphTensor(getattr(opset(), name)(x.node), x.channels_first)

    return operation


def _binary(name: str) -> Callable[[Any, Any], GraphTensor]:
    return lambda x1, x2: binary(name, x1, x2)


absolute, exp, log, sqrt = _unary("absolute"), _unary("exp"), _unary("log"), _unary("sqrt")
erf, floor = _unary("erf"), _unary("floor")
sin, cos, tanh, sigmoid, relu = _unary("sin"), _unary("cos"), _unary("tanh"), _unary("sigmoid"), _unary("relu")
add, subtract, multiply, divide = _binary("add"), _binary("subtract"), _binary("multiply"), _binary("divide")
maximum, minimum = _binary("maximum"), _binary("minimum")
greater_equal = _binary("greater_equal")


def square(x: Any) -> GraphTensor:
    """Square: x * x."""
    return binary("multiply", x, x)


def rsqrt(x: Any) -> GraphTensor:
    """1 / sqrt(x)."""
    return 1.0 / sqrt(x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> GraphTensor:
    """Keep x where it is positive, else x * negative_slope."""
    x = tensor(x)
    slope = constant([negative_slope], x.dtype)
    return GraphTensor(opset().prelu(x.node, slope.node), x.channels_first)


def gelu(x: Any, approximate: bool = True) -> GraphTensor:
    """Gaussian error linear unit, by the error function or, approximately, by a hyperbolic tangent."""
    x = tensor(x)
    return GraphTensor(opset().gelu(x.node, "tanh" if approximate else "erf"), x.channels_first)


def clip(x: Any, x_min: Any, x_max: Any) -> GraphTensor:
    """Values held between x_min and x_max."""
    return minimum(maximum(x, x_min), x_max)


def softmax(x: Any, axis: int = -1) -> GraphTensor:
    """Shares that sum to 1 along an axis."""
    x = tensor(x)
    return GraphTensor(opset().softmax(x.node, x.axis(axis)), x.channels_first)


def stop_gradient(variable: Any) -> GraphTensor:
    """The same; a graph has no gradients."""
    return tensor(variable)


def cast(x: Any, dtype: str) -> GraphTensor:
    """Values as another type."""
    x = tensor(x)
    if x.dtype == np.dtype(dtype):
        return x
    return GraphTensor(opset().convert(x.node, openvino().Type(np.dtype(dtype))), x.channels_first)


def convert_to_tensor(x: Any, dtype: str | None = None) -> GraphTensor:
    """A number, an array or a tensor as a tensor."""
    return tensor(x) if dtype is None else cast(x, dtype)


def argmin(x: Any, axis: int) -> GraphTensor:
    """Position of the smallest value along an axis; of equal ones, the first."""
    x = tensor(x)
    place = x.axis(axis)
    found = opset().topk(x.node, np.int64(1), place, "min", "value", "i32", stable=True)
    found = GraphTensor(found.output(1), x.channels_first)
    return found.reshaped([size for i, size in enumerate(found.shape) if i != axis % len(x.shape)])


def mean(x: Any, axis: Axes = None, keepdims: bool = False) -> GraphTensor:
    """Mean over axes; None: over all."""
    return _reduced("reduce_mean", x, axis, keepdims)


def sum(x: Any, axis: Axes = None, keepdims: bool = False) -> GraphTensor:
    """Sum over axes; None: over all."""
    return _reduced("reduce_sum", x, axis, keepdims)


def max(x: Any, axis: Axes = None, keepdims: bool = False) -> GraphTensor:
    """Largest value over axes; None: over all."""
    return _reduced("reduce_max", x, axis, keepdims)


def length(x: Any) -> GraphTensor:
    """Length of vectors along the last axis, which stays; see `core.nn.normalization.pixel_norm`, which calls it."""
    return _reduced("reduce_l2", x, -1, True)


def _reduced(name: str, x: Any, axis: Axes, keepdims: bool) -> GraphTensor:
    x = tensor(x)
    rank = len(x.shape)
    axes = {each % rank for each in (range(rank) if axis is None else np.atleast_1d(axis).tolist())}
    places = np.array([x.axis(each) for each in sorted(axes)], np.int64)
    found = GraphTensor(getattr(opset(), name)(x.node, places, True), x.channels_first)
    return found if keepdims else found.reshaped([size for i, size in enumerate(found.shape) if i not in axes])


def cumsum(x: Any, axis: int) -> GraphTensor:
    """Running sums along an axis."""
    x = tensor(x)
    return GraphTensor(opset().cum_sum(x.node, np.int64(x.axis(axis))), x.channels_first)


def reshape(x: Any, newshape: Sequence[int]) -> GraphTensor:
    """The same values in another shape, in which one number may be -1."""
    return tensor(x).reshaped(newshape)


def transpose(x: Any, axes: Sequence[int] | None = None) -> GraphTensor:
    """Axes in another order; None: reversed."""
    x = tensor(x).last()
    return GraphTensor(transposed(x.node, axes or range(len(x.shape))[::-1]))


def expand_dims(x: Any, axis: int) -> GraphTensor:
    """A new axis of size 1."""
    x = tensor(x).last()
    place = axis % (len(x.shape) + 1)
    return GraphTensor(opset().unsqueeze(x.node, np.array([place], np.int64)))


def broadcast_to(x: Any, shape: Sequence[int]) -> GraphTensor:
    """Values repeated to fill a shape."""
    return GraphTensor(opset().broadcast(tensor(x).last().node, np.array(shape, np.int64)))


def concatenate(xs: Sequence[Any], axis: int = 0) -> GraphTensor:
    """Tensors of one rank, one after the other along an axis."""
    like = next(x for x in xs if isinstance(x, GraphTensor))
    tensors = [tensor(x, like) for x in xs]
    place = next((each for each in tensors if each.channels_first), like).axis(axis)
    nodes, channels_first = aligned(tensors)
    return GraphTensor(opset().concat(nodes, place), channels_first)


def stack(x: Sequence[Any], axis: int = 0) -> GraphTensor:
    """Tensors of one shape along a new axis."""
    axis = axis % (len(tensor(x[0]).shape) + 1)
    return concatenate([expand_dims(each, axis) for each in x], axis)


def pad(x: Any, pad_width: Sequence[Sequence[int]], mode: str = "constant") -> GraphTensor:
    """Zeros before and after each axis; in the mode "reflect" what stands there, mirrored without its outermost."""
    x = tensor(x)
    before, after = np.zeros(len(x.shape), np.int64), np.zeros(len(x.shape), np.int64)
    for axis, (low, high) in enumerate(pad_width):
        before[x.axis(axis)], after[x.axis(axis)] = low, high
    zero = constant(0, x.dtype)
    return GraphTensor(opset().pad(x.node, before, after, mode, zero.node), x.channels_first)


def repeat(x: Any, repeats: int, axis: int) -> GraphTensor:
    """Each value along an axis several times."""
    x = tensor(x)
    if repeats == 1:
        return x
    place = x.axis(axis)
    if x.channels_first and place > 1:
        return GraphTensor(_enlarged(x.node, repeats, place), True)
    node = opset().unsqueeze(x.node, np.array([place + 1], np.int64))
    counts = np.ones(len(x.shape) + 1, np.int64)
    counts[place + 1] = repeats
    shape = list(x.node.get_shape())
    shape[place] *= repeats
    node = opset().reshape(opset().tile(node, counts), np.array(shape, np.int64), False)
    return GraphTensor(node, x.channels_first)


def _enlarged(node: Any, repeats: int, axis: int) -> Any:
    """A map [n, channels, height, width], its rows or columns repeated; several times faster than a general repeat."""
    size = np.array([node.get_shape()[axis] * repeats], np.int64)
    return opset().interpolate(
        node,
        size,
        "nearest",
        "sizes",
        axes=np.array([axis], np.int64),
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def flip(x: Any, axis: int | Sequence[int]) -> GraphTensor:
    """Axes in reverse."""
    x = tensor(x)
    for each in np.atleast_1d(axis).tolist():
        x = take(x, np.arange(x.shape[each])[::-1], each)
    return x


def take(x: Any, indices: Any, axis: int) -> GraphTensor:
    """Values at integer positions along an axis."""
    x = tensor(x)
    indices = tensor(np.asarray(indices, np.int64) if not isinstance(indices, GraphTensor) else indices)
    x = x if len(indices.shape) == 1 else x.last()
    return GraphTensor(opset().gather(x.node, indices.node, np.int64(x.axis(axis))), x.channels_first)


def where(condition: Any, x1: Any, x2: Any) -> GraphTensor:
    """x1 where a condition holds, else x2."""
    like = x1 if isinstance(x1, GraphTensor) else x2
    nodes, channels_first = aligned([tensor(condition), tensor(x1, like), tensor(x2, like)])
    return GraphTensor(opset().select(*nodes), channels_first)


def group_normalization(x: Any, scale: Any, bias: Any, groups: int, eps: float) -> GraphTensor:
    """Normalise groups of a map's channels; see `core.nn.normalization.group_norm`, which calls it."""
    x = tensor(x).first()
    scale, bias = tensor(scale, like=x), tensor(bias, like=x)
    return GraphTensor(opset().group_normalization(x.node, scale.node, bias.node, groups, eps), True)


def grid_sample(inputs: Any, places: Any) -> GraphTensor:
    """Pixels of a map [n, h, w, c] from places [1, h', w', 2]; see `core.nn.sampling.warp`, which calls it."""
    inputs, places = tensor(inputs).first(), tensor(places)
    # It counts from -1 to 1 between the middles of the outermost pixels, and columns come first.
    ends = [builtins.max(size - 1, 1) for size in inputs.shape[1:3]]
    grid = take(places * (2.0 / np.array(ends, np.float32)) - 1.0, [1, 0], axis=-1)
    grid = broadcast_to(grid, (inputs.shape[0], *grid.shape[1:])) if inputs.shape[0] != 1 else grid
    how = {"align_corners": True, "mode": "bilinear", "padding_mode": "border"}
    return GraphTensor(opset().grid_sample(inputs.node, grid.last().node, how), True)


def mean_variance_normalization(x: Any, eps: float) -> GraphTensor:
    """Normalise the last axis; see `core.nn.normalization.layer_norm`, which calls it."""
    x = tensor(x).last()
    return GraphTensor(opset().mvn(x.node, np.array([-1], np.int64), True, eps, "inside_sqrt"))
