"""Batch norms of networks that are only played, folded into the convolutions before them."""

from collections.abc import Mapping

import numpy as np

# The axes of torch's kernels [out, in, height, width] in our order.
_TO_OURS = (2, 3, 1, 0)


def fold(arrays: Mapping[str, np.ndarray], conv: str, norm: str, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """The kernel and bias of a convolution that does what torch's convolution and batch norm do one after the other.

    Args:
        arrays: torch's tensors by name.
        conv: name of the convolution, which may have a bias.
        norm: name of the batch norm.
        epsilon: of the batch norm.

    Returns:
        float32 [height, width, in, out] and [out].

    Raises:
        KeyError: a tensor is missing.
        ValueError: shapes do not fit each other.
    """
    kernel = np.asarray(arrays[f"{conv}.weight"], np.float64)
    size = len(kernel)
    # Old files have them as [1, out].
    weight, bias, mean, variance = (
        np.asarray(arrays[f"{norm}.{part}"], np.float64).reshape(size)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    own = np.asarray(arrays.get(f"{conv}.bias", np.zeros(size)), np.float64)
    scale = weight / np.sqrt(np.maximum(variance, 0) + epsilon)
    folded = np.transpose(kernel * scale[:, None, None, None], _TO_OURS)
    return folded.astype(np.float32), (bias + (own - mean) * scale).astype(np.float32)
