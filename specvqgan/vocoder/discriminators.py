"""MelGAN's three discriminators, defined once over `core.nn.ops`, and the losses that they give; for training.

Each judges the sound at half the rate of the one before, window by window. Source: Kumar et al. 2019, MelGAN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import checks
from core.nn.ops import Ops, Tensor
from core.nn.products import convolve
from specvqgan.vocoder import weights
from specvqgan.vocoder.network import SLOPE

_FIRST, _MIDDLE, _LAST = 15, 5, 3
# Channels that one group of a layer takes, and most channels of a layer.
_IN_GROUP, _WIDEST = 4, 1024
# A layer that skips reaches ten steps and one sample.
_REACH = 10
# What leaves each layer, the last one being the scores: for each discriminator.
Features = list[list[Tensor]]


@dataclass(frozen=True)
class DiscriminatorConfig:
    """The shape of the discriminators.

    Attributes:
        count: how many there are.
        width: channels of the first layer.
        layers: that skip samples.
        ratio: by which each of them does, and by which channels grow.
    """

    count: int = 3
    width: int = 16
    layers: int = 4
    ratio: int = 4

    def __post_init__(self) -> None:
        checks.whole("count", self.count, 1, 8)
        checks.whole("layers", self.layers, 1, 8)
        checks.whole("ratio", self.ratio, 2, 16)
        checks.whole("width", self.width, _IN_GROUP, _WIDEST)
        if self.width % _IN_GROUP:
            raise checks.mismatch("width", f"be a multiple of {_IN_GROUP}", self.width)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels after the first layer, and after each that skips."""
        return tuple(min(self.width * self.ratio**layer, _WIDEST) for layer in range(self.layers + 1))


def kernels(config: DiscriminatorConfig) -> dict[str, tuple[int, ...]]:
    """Our shape of each kernel by the original's name: [1, size, in, out]; of groups, the channels that one takes."""
    channels = config.channels
    size = _REACH * config.ratio + 1
    found = {"layer_0.1": (1, _FIRST, 1, channels[0])}
    for layer, after in enumerate(channels[1:], 1):
        found[f"layer_{layer}.0"] = (1, size, _IN_GROUP, after)
    found[f"layer_{config.layers + 1}.0"] = (1, _MIDDLE, channels[-1], channels[-1])
    found[f"layer_{config.layers + 2}"] = (1, _LAST, channels[-1], 1)
    return {f"model.disc_{one}.model.{name}": shape for one in range(config.count) for name, shape in found.items()}


def from_original(arrays: Mapping[str, np.ndarray], config: DiscriminatorConfig) -> weights.Arrays:
    """Lengths, directions and biases in our layout; see `weights.complete`."""
    shapes = kernels(config)
    return weights.complete(arrays, shapes, {name: shape[3] for name, shape in shapes.items()})


def initial(config: DiscriminatorConfig, rng: np.random.Generator) -> weights.Arrays:
    """Random weights, as training begins; see `weights.normal`."""
    shapes = kernels(config)
    sizes = [(name, shape, shape[1] * shape[2]) for name, shape in shapes.items()]
    return weights.normal(sizes, {name: shape[3] for name, shape in shapes.items()}, rng)


def judge(ops: Ops, folded: Mapping[str, Any], wave: Tensor, config: DiscriminatorConfig) -> Features:
    """What leaves every layer of every discriminator.

    Args:
        ops: what computes it.
        folded: kernels and biases, of `weights.folded`.
        wave: [n, 1, samples, 1]; the number of samples is a multiple of 2 ** (count - 1).
        config: of the discriminators.

    Returns:
        Of each discriminator, [n, 1, time, channels] of each layer; the last are the scores, with one channel.
    """
    found = []
    for one in range(config.count):
        found.append(_judge(ops, folded, f"model.disc_{one}.model", wave, config))
        wave = ops.average_pool(wave, (1, 4), (1, 2), "same")
    return found


def discriminator_loss(ops: Ops, real: Features, fake: Features) -> Tensor:
    """Hinge loss of the discriminators: real sounds score above 1, generated ones below -1."""
    return _sum(
        ops.mean(ops.relu(1.0 - good[-1])) + ops.mean(ops.relu(1.0 + bad[-1]))
        for good, bad in zip(real, fake, strict=True)
    )


def generator_loss(ops: Ops, fake: Features) -> Tensor:
    """Hinge loss of the generator: what it makes scores high."""
    return _sum(-ops.mean(bad[-1]) for bad in fake)


def feature_loss(ops: Ops, real: Features, fake: Features) -> Tensor:
    """How far generated sounds are from the real ones in all layers but the scores; no gradient to the real ones."""
    # The original's own weights: 4 over one more than the layers that skip, shared by the discriminators.
    weight = 4.0 / (len(real[0]) - 2) / len(real)
    return weight * _sum(
        ops.mean(ops.absolute(two - ops.stop_gradient(one)))
        for good, bad in zip(real, fake, strict=True)
        for one, two in zip(good[:-1], bad[:-1], strict=True)
    )


def _judge(ops: Ops, folded: Mapping[str, Any], name: str, x: Tensor, config: DiscriminatorConfig) -> list[Tensor]:
    x = ops.pad(x, [(0, 0), (0, 0), (_FIRST // 2, _FIRST // 2), (0, 0)], mode="reflect")
    found = [
        _activated(ops, folded, f"{name}.layer_0.1", convolve(ops, x, folded[f"{name}.layer_0.1.weight"], "valid"))
    ]
    for layer in range(1, config.layers + 1):
        part = f"{name}.layer_{layer}.0"
        kernel = folded[f"{part}.weight"]
        found.append(_activated(ops, folded, part, _in_groups(ops, found[-1], kernel, config.ratio)))
    part = f"{name}.layer_{config.layers + 1}.0"
    found.append(_activated(ops, folded, part, convolve(ops, found[-1], folded[f"{part}.weight"])))
    part = f"{name}.layer_{config.layers + 2}"
    return [*found, convolve(ops, found[-1], folded[f"{part}.weight"]) + folded[f"{part}.bias"]]


def _activated(ops: Ops, folded: Mapping[str, Any], part: str, x: Tensor) -> Tensor:
    return ops.leaky_relu(x + folded[f"{part}.bias"], SLOPE)


def _in_groups(ops: Ops, x: Tensor, kernel: Tensor, step: int) -> Tensor:
    """Convolve groups of channels, each with its own kernels, `step` samples apart.

    As one product of matrices for each group: gradients of grouped convolutions take seconds on a processor, these
    milliseconds.
    """
    time, channels, size, after = x.shape[2], x.shape[3], kernel.shape[1], kernel.shape[3]
    groups, wide = channels // _IN_GROUP, _REACH + 1
    count = -(-time // step)
    before = (_REACH // 2) * step
    x = ops.pad(x, [(0, 0), (0, 0), (before, (count + _REACH) * step - time - before), (0, 0)])
    steps = ops.reshape(x, (-1, count + _REACH, step * channels))
    windows = ops.concatenate([steps[:, place : place + count] for place in range(wide)], axis=-1)
    windows = ops.reshape(windows, (-1, wide * step, groups, _IN_GROUP))
    windows = ops.reshape(ops.transpose(windows, (2, 0, 1, 3)), (groups, -1, wide * step * _IN_GROUP))
    taps = ops.pad(ops.reshape(kernel, (size, _IN_GROUP, after)), [(0, wide * step - size), (0, 0), (0, 0)])
    taps = ops.reshape(taps, (wide * step * _IN_GROUP, groups, after // groups))
    found = ops.matmul(windows, ops.transpose(taps, (1, 0, 2)))
    return ops.reshape(ops.transpose(found, (1, 0, 2)), (-1, 1, count, after))


def _sum(losses: Any) -> Any:
    values: Sequence[Tensor] = list(losses)
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total
