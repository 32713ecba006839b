"""The discriminator of the codebook's training: PatchGAN, defined once over `core.nn.ops`, and its losses.

It judges overlapping patches of a spectrogram. Source: Isola et al. 2017, pix2pix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import checks
from core.nn.ops import Ops, Tensor
from core.nn.products import convolve

Arrays = dict[str, np.ndarray]
# How the original's checkpoints name it.
PREFIX = "loss.discriminator."
_SIZE, _SLOPE, _EPS = 4, 0.2, 1e-5
_MOST_TIMES = 8


@dataclass(frozen=True)
class PatchConfig:
    """The shape of the discriminator: channels of its first layer, and layers between it and the scores."""

    width: int = 64
    layers: int = 3

    def __post_init__(self) -> None:
        checks.whole("width", self.width, 1, 1024)
        checks.whole("layers", self.layers, 1, 8)

    @property
    def sizes(self) -> tuple[tuple[int, int, int, int], ...]:
        """Place in the original's list of modules, channels before and after, and step of each convolution."""
        found, before = [(0, 1, self.width, 2)], self.width
        for layer in range(1, self.layers + 1):
            after = self.width * min(2**layer, _MOST_TIMES)
            found.append((3 * layer - 1, before, after, 1 if layer == self.layers else 2))
            before = after
        return (*found, (3 * self.layers + 2, before, 1, 1))


def expected(config: PatchConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every array by name, in our layout; "running_mean" and "running_var" are not trained."""
    found: dict[str, tuple[int, ...]] = {}
    last = len(config.sizes) - 1
    for number, (place, before, after, _) in enumerate(config.sizes):
        found[f"main.{place}.weight"] = (_SIZE, _SIZE, before, after)
        if number in (0, last):
            found[f"main.{place}.bias"] = (after,)
        else:
            names = ("weight", "bias", "running_mean", "running_var")
            found |= {f"main.{place + 1}.{name}": (after,) for name in names}
    return found


def from_original(arrays: Mapping[str, np.ndarray], config: PatchConfig, prefix: str = PREFIX) -> Arrays:
    """The arrays of `expected`, float32, from those of a checkpoint.

    Raises:
        ValueError: one is missing, has another shape, or contains a value that is not finite.
    """
    found = {}
    for name, shape in expected(config).items():
        if prefix + name not in arrays:
            raise ValueError(f"{prefix}{name} is missing")
        array = np.asarray(arrays[prefix + name], np.float32)
        array = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
        found[name] = np.ascontiguousarray(checks.finite(name, checks.shape(prefix + name, array, shape)))
    return found


def initial(config: PatchConfig, rng: np.random.Generator) -> Arrays:
    """Random weights, as the original begins: kernels around 0, scales around 1, both of deviation 0.02."""
    found = {}
    for name, shape in expected(config).items():
        kind = name.rpartition(".")[2]
        if kind == "weight":
            found[name] = (float(len(shape) == 1) + 0.02 * rng.standard_normal(shape)).astype(np.float32)
        else:
            found[name] = np.full(shape, float(kind == "running_var"), np.float32)
    return found


def divided(arrays: Mapping[str, np.ndarray]) -> tuple[Arrays, Arrays]:
    """What is trained, and the stored means and variances."""
    averages = {name: value for name, value in arrays.items() if ".running_" in name}
    return {name: value for name, value in arrays.items() if name not in averages}, averages


def judge(
    ops: Ops, weights: Mapping[str, Any], x: Tensor, config: PatchConfig, *, training: bool = False
) -> tuple[Tensor, dict[str, Tensor]]:
    """Score the patches of spectrograms [n, mels, frames, 1] in -1..1.

    Args:
        ops: what computes it.
        weights: of `expected`.
        x: the spectrograms.
        config: of the discriminator.
        training: whether channels are normalised by the mean and the variance of this batch, else by the stored ones.

    Returns:
        Scores [n, rows, columns, 1]; and where training, the batch's "running_mean" and "running_var" (unbiased) by
        name, for `averaged`.
    """
    seen: dict[str, Tensor] = {}
    last = len(config.sizes) - 1
    for number, (place, _, _, step) in enumerate(config.sizes):
        x = ops.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
        x = convolve(ops, x, weights[f"main.{place}.weight"], "valid", strides=step)
        if number in (0, last):
            x = x + weights[f"main.{place}.bias"]
        else:
            x = _normal(ops, weights, f"main.{place + 1}", x, seen, training)
        if number < last:
            x = ops.leaky_relu(x, _SLOPE)
    return x, seen


def averaged(stored: Tensor, seen: Tensor, momentum: float = 0.1) -> Tensor:
    """A stored mean or variance after one more batch."""
    return (1.0 - momentum) * stored + momentum * seen


def discriminator_loss(ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
    """Hinge loss of the discriminator, half of the sum: real ones score above 1, reconstructed ones below -1."""
    return 0.5 * (ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake)))


def _normal(
    ops: Ops, weights: Mapping[str, Any], name: str, x: Tensor, seen: dict[str, Tensor], training: bool
) -> Tensor:
    """Batch normalisation."""
    mean, variance = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
    if training:
        mean = ops.mean(x, axis=(0, 1, 2))
        variance = ops.mean(ops.square(x - mean), axis=(0, 1, 2))
        size = ops.cast(ops.sum(ops.ones_like(x[..., :1])), "float32")
        seen[f"{name}.running_mean"] = ops.stop_gradient(mean)
        seen[f"{name}.running_var"] = ops.stop_gradient(variance * size / ops.maximum(size - 1.0, 1.0))
    scale = ops.rsqrt(variance + _EPS) * weights[f"{name}.weight"]
    return (x - mean) * scale + weights[f"{name}.bias"]
