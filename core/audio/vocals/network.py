"""The network that separates: a U-net per part, from magnitudes of a mix to those of the part.

Source: Jansson et al. 2017, Singing Voice Separation with Deep U-Net Convolutional Networks; Hennequin et al. 2020,
Spleeter, whose weights these are.
"""

from collections.abc import Callable, Mapping

import numpy as np

from core.nn.ops import Ops, Tensor

# What the network finds, in the order of the file.
PARTS = ("vocals", "accompaniment")
# A map's edges are halved so often.
DEPTH = 6
_SLOPE = 0.2
_EPSILON = 1e-3
_KINDS = {"conv2d": 7, "conv2d_transpose": 6, "batch_normalization": 12}
_ARRAYS = {
    "conv2d": ("kernel", "bias"),
    "conv2d_transpose": ("kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}


def names(part: int) -> dict[str, str]:
    """The arrays of a part: our names and those of the file, in which the parts are counted through."""
    found: dict[str, str] = {}
    for kind, count in _KINDS.items():
        for number in range(count):
            there = part * count + number
            layer = f"{kind}_{there}" if there else kind
            found |= {f"{kind}.{number}.{array}": f"{layer}/{array}" for array in _ARRAYS[kind]}
    return found


def prepare(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a part as `unet` uses them: normalisations as factor and summand, the last kernel spread out."""
    ready = {name: value for name, value in arrays.items() if not name.startswith("batch")}
    for number in range(_KINDS["batch_normalization"]):
        name = f"batch_normalization.{number}"
        factor = arrays[f"{name}.gamma"] / np.sqrt(arrays[f"{name}.moving_variance"] + _EPSILON)
        ready[f"{name}.factor"] = factor
        ready[f"{name}.summand"] = arrays[f"{name}.beta"] - factor * arrays[f"{name}.moving_mean"]
    # Its taps are two pixels apart.
    last = arrays[f"conv2d.{DEPTH}.kernel"]
    spread = np.zeros((2 * last.shape[0] - 1, 2 * last.shape[1] - 1, *last.shape[2:]), np.float32)
    spread[::2, ::2] = last
    return ready | {f"conv2d.{DEPTH}.kernel": spread}


def unet(ops: Ops, weights: Mapping[str, Tensor], magnitudes: Tensor) -> Tensor:
    """The magnitudes of a part, as those of the mix: [n, time, frequencies, 2], edges divisible by 2^DEPTH.

    Args:
        ops: what computes it.
        weights: from `prepare`.
        magnitudes: of the mix, two channels.
    """
    x, passed = magnitudes, []
    for number in range(DEPTH):
        if number:
            x = ops.leaky_relu(_normalised(ops, weights, x, number - 1), _SLOPE)
        x = _layer(weights, x, "conv2d", number, lambda x, kernel: ops.conv(x, kernel, 2, "same"))
        passed.append(x)
    for number in range(DEPTH):
        if number:
            x = ops.concatenate([passed[DEPTH - 1 - number], x], axis=-1)
        x = _layer(weights, x, "conv2d_transpose", number, lambda x, kernel: ops.conv_transpose(x, kernel, 2, "same"))
        x = _normalised(ops, weights, ops.relu(x), DEPTH + number)
    mask = _layer(weights, x, "conv2d", DEPTH, lambda x, kernel: ops.conv(x, kernel, 1, "same"))
    return ops.sigmoid(mask) * magnitudes


def _layer(
    weights: Mapping[str, Tensor], x: Tensor, kind: str, number: int, convolve: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    return convolve(x, weights[f"{kind}.{number}.kernel"]) + weights[f"{kind}.{number}.bias"]


def _normalised(ops: Ops, weights: Mapping[str, Tensor], x: Tensor, number: int) -> Tensor:
    name = f"batch_normalization.{number}"
    return x * weights[f"{name}.factor"] + weights[f"{name}.summand"]
