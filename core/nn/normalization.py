"""Normalisations that several networks use, over `core.nn.ops`."""

from core.nn.ops import Ops, Tensor


def group_norm(ops: Ops, x: Tensor, scale: Tensor, bias: Tensor, groups: int, eps: float = 1e-6) -> Tensor:
    """Normalise each group of channels of each map: mean 0, variance 1, then a scale and a bias for each channel.

    Args:
        ops: what computes it; OpenVINO has an operation of its own for this.
        x: [n, height, width, channels].
        scale: [channels].
        bias: [channels].
        groups: how many; the channels are divided by it.
        eps: what is added to the variance.

    Returns:
        As x. Source: Wu and He 2018, Group Normalization.
    """
    native = getattr(ops, "group_normalization", None)
    if native is not None:
        return native(x, scale, bias, groups, eps)
    height, width, channels = x.shape[1:]
    split = ops.reshape(x, (-1, height, width, groups, channels // groups))
    apart = split - ops.mean(split, axis=(1, 2, 4), keepdims=True)
    normal = apart * ops.rsqrt(ops.mean(ops.square(apart), axis=(1, 2, 4), keepdims=True) + eps)
    return ops.reshape(normal, (-1, height, width, channels)) * scale + bias


def layer_norm(ops: Ops, x: Tensor, scale: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalise the last axis: mean 0, variance 1, then a scale and a bias for each place along it.

    Args:
        ops: what computes it; OpenVINO has an operation of its own for this.
        x: [..., width].
        scale: [width].
        bias: [width].
        eps: what is added to the variance.

    Returns:
        As x. Source: Ba et al. 2016, Layer Normalization.
    """
    native = getattr(ops, "mean_variance_normalization", None)
    if native is not None:
        return native(x, eps) * scale + bias
    apart = x - ops.mean(x, axis=-1, keepdims=True)
    return apart * ops.rsqrt(ops.mean(ops.square(apart), axis=-1, keepdims=True) + eps) * scale + bias


def pixel_norm(ops: Ops, x: Tensor, eps: float = 1e-8) -> Tensor:
    """Divide each pixel, or row, by the root mean square of its channels: as x, [..., channels].

    OpenVINO has an operation of its own for the length. Source: Karras et al. 2018, progressive growing.
    """
    native = getattr(ops, "length", None)
    if native is not None:
        return x / ops.sqrt(ops.square(native(x)) * (1.0 / x.shape[-1]) + eps)
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + eps)
