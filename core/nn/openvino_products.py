"""Products, convolutions and pools of OpenVINO graphs; part of the table `core.nn.openvino_ops`."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.nn.kernel_layout import ENGINE_AXES, is_shared
from core.nn.openvino_runtime import opset
from core.nn.openvino_tensor import GraphTensor, constant, tensor, transposed
from core.nn.quantized import QuantizedMatrix

Size = int | Sequence[int]


def matmul(x1: Any, x2: Any) -> GraphTensor:
    """Matrix products of the last two axes. A map times a constant matrix is a convolution of one pixel."""
    if isinstance(x1, GraphTensor) and x1.channels_first and isinstance(x2, np.ndarray) and x2.ndim == 2:
        return conv(x1, x2[None, None])
    if isinstance(x2, np.ndarray) and is_shared(x2):
        x2 = GraphTensor(_in_place(x2))
    x1, x2 = tensor(x1, like=x2).last(), tensor(x2, like=x1).last()
    return GraphTensor(opset().matmul(x1.node, x2.node, False, False))


def conv(
    inputs: Any,
    kernel: Any,
    strides: Size = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Size = 1,
) -> GraphTensor:
    """Convolve a map [n, h, w, in] with a kernel [height, width, in, out]: [n, h', w', out]."""
    inputs, steps, apart = tensor(inputs).first(), _pair(strides), _pair(dilation_rate)
    reach = [(size - 1) * step + 1 for size, step in zip(kernel.shape[:2], apart, strict=True)]
    begin, end = _pads(inputs, reach, steps, padding)
    return GraphTensor(opset().convolution(inputs.node, _kernel(kernel, inputs), steps, begin, end, apart), True)


def depthwise_conv(inputs: Any, kernel: Any, strides: Size = 1, padding: str = "valid") -> GraphTensor:
    """Convolve each channel of a map [n, h, w, c] with its own kernels, [height, width, c, m]: [n, h', w', c * m]."""
    inputs, steps = tensor(inputs).first(), _pair(strides)
    begin, end = _pads(inputs, kernel.shape[:2], steps, padding)
    groups = np.transpose(kernel, (2, 3, 0, 1))[:, :, None]
    node = opset().group_convolution(inputs.node, constant(groups, inputs.dtype).node, steps, begin, end, [1, 1])
    return GraphTensor(node, True)


def conv_transpose(inputs: Any, kernel: Any, strides: Size, padding: str = "valid") -> GraphTensor:
    """Convolve a map [n, h, w, in], its pixels `strides` apart, with a kernel [height, width, out, in].

    Raises:
        ValueError: the kernel is smaller than a step.
    """
    inputs, steps = tensor(inputs).first(), _pair(strides)
    if any(size < step for size, step in zip(kernel.shape, steps, strict=False)):
        raise ValueError(f"conv_transpose: the kernel is {kernel.shape[:2]} in steps of {steps}; it must be as large")
    over = [size - step if padding == "same" else 0 for size, step in zip(kernel.shape[:2], steps, strict=True)]
    begin, end = [each // 2 for each in over], [each - each // 2 for each in over]
    node = opset().convolution_backprop_data(inputs.node, _kernel(kernel, inputs), steps, None, begin, end, [1, 1])
    return GraphTensor(node, True)


def dense(x: Any, kernel: Any) -> GraphTensor:
    """Multiply [..., in] by a matrix [out, in]; see `core.nn.products.dense`, which calls it.

    The matrix is read where it is, and must stay there; one of whole numbers is not unpacked in memory.
    """
    x = tensor(x).last()
    if isinstance(kernel, GraphTensor):
        return GraphTensor(opset().matmul(x.node, kernel.node, False, True))
    if isinstance(kernel, QuantizedMatrix):
        values = opset().convert(_in_place(kernel.values), np.float32)
        node = opset().multiply(values, _in_place(kernel.scale))
    else:
        node = _in_place(kernel)
    return GraphTensor(opset().matmul(x.node, node, False, True))


def _in_place(array: np.ndarray) -> Any:
    """A constant whose numbers are read where they are."""
    if not array.flags.writeable and array.flags.c_contiguous:
        # It asks for an array that can be written to, and does not write to it.
        numbers = (ctypes.c_byte * array.nbytes).from_address(array.ctypes.data)
        # Whoever has the view keeps the array.
        numbers.owner = array  # type: ignore[attr-defined]
        array = np.ctypeslib.as_array(numbers).view(array.dtype).reshape(array.shape)
    return opset().constant(array, shared_memory=True)


def max_pool(inputs: Any, pool_size: Size, strides: Size | None = None, padding: str = "valid") -> GraphTensor:
    """Largest values of boxes of a map."""
    inputs, size, steps, begin, end = _boxes(inputs, pool_size, strides, padding)
    return GraphTensor(opset().max_pool(inputs.node, steps, [1, 1], begin, end, size), True)


def average_pool(inputs: Any, pool_size: Size, strides: Size | None = None, padding: str = "valid") -> GraphTensor:
    """Means of boxes of a map; what lies outside of it does not count."""
    inputs, size, steps, begin, end = _boxes(inputs, pool_size, strides, padding)
    return GraphTensor(opset().avg_pool(inputs.node, steps, begin, end, size, True), True)


def _boxes(inputs: Any, pool_size: Size, strides: Size | None, padding: str) -> tuple[Any, ...]:
    inputs, size = tensor(inputs).first(), _pair(pool_size)
    steps = size if strides is None else _pair(strides)
    return inputs, size, steps, *_pads(inputs, size, steps, padding)


def _pads(inputs: GraphTensor, size: Sequence[int], steps: Sequence[int], padding: str) -> tuple[list[int], list[int]]:
    """Pixels that are missing before and after a map's height and width: none, or as many as keep them, divided."""
    if padding == "valid":
        return [0, 0], [0, 0]
    lengths = inputs.shape[1:3]
    missing = [
        max((-(-length // step) - 1) * step + reach - length, 0)
        for length, reach, step in zip(lengths, size, steps, strict=True)
    ]
    return [each // 2 for each in missing], [each - each // 2 for each in missing]


def _kernel(kernel: Any, like: GraphTensor) -> Any:
    """A kernel [height, width, a, b] as [b, a, height, width]."""
    if isinstance(kernel, GraphTensor):
        return transposed(kernel.last().node, ENGINE_AXES)
    turned = np.transpose(kernel, ENGINE_AXES)
    if is_shared(turned):
        return _in_place(turned)
    return constant(turned, like.dtype).node


def _pair(size: Size) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)
