"""Products in fewer bits while training."""

from collections.abc import Callable

from keras import ops

from core.training.trees import Tensor, Tensors


def shortened(weights: Tensors, is_kernel: Callable[[str, Tensor], bool]) -> Tensors:
    """Weights whose kernels have 8 bits of mantissa (bfloat16), and so have the products with them."""
    return {name: ops.cast(value, "bfloat16") if is_kernel(name, value) else value for name, value in weights.items()}


def is_convolution(name: str, value: Tensor) -> bool:
    """Whether this is the kernel of a convolution, [height, width, in, out]."""
    return len(value.shape) == 4
