"""Products with a kernel that several networks use, over `core.nn.ops`."""

from collections.abc import Callable

from core.nn.ops import Ops, Tensor
from core.nn.quantized import QuantizedMatrix


def convolve(
    ops: Ops, x: Tensor, kernel: Tensor, padding: str = "same", *, strides: int = 1, dilation: int = 1
) -> Tensor:
    """Convolve [n, h, w, in] with a kernel in the kernel's precision: float32 [n, h', w', out]."""
    return _product(ops, lambda x, kernel: ops.conv(x, kernel, strides, padding, dilation_rate=dilation), x, kernel)


def multiply(ops: Ops, x: Tensor, kernel: Tensor) -> Tensor:
    """Multiply [..., in] by a matrix [in, out] in the matrix's precision: float32 [..., out]."""
    return _product(ops, ops.matmul, x, kernel)


def dense(ops: Ops, x: Tensor, kernel: Tensor) -> Tensor:
    """Multiply [..., in] by a matrix [out, in], torch's layout, in the matrix's precision: float32 [..., out].

    The matrix may be a `QuantizedMatrix`.
    """
    native = getattr(ops, "dense", None)
    if native is not None:
        return native(x, kernel)
    matrix = kernel.widened() if isinstance(kernel, QuantizedMatrix) else kernel
    return _product(ops, lambda x, matrix: ops.matmul(x, ops.transpose(matrix)), x, matrix)


def transposed(ops: Ops, x: Tensor, kernel: Tensor, strides: int | tuple[int, int], padding: str) -> Tensor:
    """Transposed convolution with a kernel [height, width, out, in] in the kernel's precision: float32."""
    return _product(ops, lambda x, kernel: ops.conv_transpose(x, kernel, strides, padding), x, kernel)


def upsample_conv(ops: Ops, x: Tensor, kernel: Tensor) -> Tensor:
    """Enlarge a map twice and convolve it, in one step: float32 [n, h, w, in] -> [n, 2h, 2w, out].

    `kernel` comes from `upsample_kernel`.
    """
    return transposed(ops, x, kernel, 2, "same")


def upsample_kernel(ops: Ops, kernel: Tensor) -> Tensor:
    """Kernel [3, 3, in, out] for a map enlarged twice -> kernel [4, 4, out, in] for `upsample_conv`.

    A small pixel reaches four big ones along each axis, the middle two of them by two kernel rows. Together these take
    16 multiplications for each small pixel instead of 36.
    """
    for axis in (0, 1):
        before, after = [(0, 0)] * 4, [(0, 0)] * 4
        before[axis], after[axis] = (1, 0), (0, 1)
        kernel = ops.pad(kernel, before) + ops.pad(kernel, after)
    return ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))


def _product(ops: Ops, product: Callable[[Tensor, Tensor], Tensor], x: Tensor, kernel: Tensor) -> Tensor:
    return ops.cast(product(ops.cast(x, kernel.dtype), kernel), "float32")
