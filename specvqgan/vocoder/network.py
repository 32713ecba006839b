"""MelGAN's generator, defined once over `core.nn.ops`; sounds are maps [n, 1, time, channels].

Source: Kumar et al. 2019, MelGAN. Parts are counted as in the original's list of modules, model.0, model.1, ...
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from core.nn.ops import Ops, Tensor
from core.nn.products import convolve, transposed
from specvqgan.vocoder.config import VocoderConfig

Weights = Mapping[str, Any]
Hook = Callable[[str, Tensor], Tensor]
ENDS, SLOPE = 7, 0.2


@dataclass(frozen=True)
class Stage:
    """A stage: the name of its transposed convolution, by what it enlarges, and names and dilations of its blocks."""

    name: str
    ratio: int
    blocks: tuple[tuple[str, int], ...]


def stages(config: VocoderConfig) -> tuple[tuple[Stage, ...], str]:
    """The stages with the names of their parts, and the name of the last convolution."""
    found, place = [], 3
    for ratio in config.ratios:
        blocks = tuple((f"model.{place + 1 + block}", 3**block) for block in range(config.residuals))
        found.append(Stage(f"model.{place}", ratio, blocks))
        # After the blocks there is a leaky ReLU, which counts as a part.
        place += config.residuals + 2
    return tuple(found), f"model.{place + 1}"


def generate(ops: Ops, weights: Weights, mel: Tensor, config: VocoderConfig, hook: Hook = lambda name, x: x) -> Tensor:
    """Spectrograms [n, 1, frames, mels] in 0..1 -> samples [n, 1, hop * frames, 1] in -1..1.

    `weights` are those of `weights.folded`. The shortest spectrogram has 4 frames: its ends are mirrored.
    """
    parts, last = stages(config)
    x = hook("model.1", _conv(ops, weights, "model.1", _mirrored(ops, mel, ENDS // 2)))
    for stage in parts:
        kernel = weights[f"{stage.name}.weight"]
        x = transposed(ops, ops.leaky_relu(x, SLOPE), kernel, (1, stage.ratio), "same")
        x = hook(stage.name, x + weights[f"{stage.name}.bias"])
        for name, dilation in stage.blocks:
            x = hook(name, _residual(ops, weights, name, x, dilation))
    x = _mirrored(ops, ops.leaky_relu(x, SLOPE), ENDS // 2)
    return hook(last, ops.tanh(_conv(ops, weights, last, x)))


def reach(config: VocoderConfig) -> int:
    """How many frames before and after its own a sample depends on, at most."""
    parts, _ = stages(config)
    found, rate = ENDS // 2 * Fraction(1), 1
    for stage in parts:
        found += Fraction(1, rate)
        rate *= stage.ratio
        found += sum((Fraction(dilation, rate) for _, dilation in stage.blocks), Fraction(0))
    return math.ceil(found + Fraction(ENDS // 2, rate))


def _residual(ops: Ops, weights: Weights, name: str, x: Tensor, dilation: int) -> Tensor:
    inner = _mirrored(ops, ops.leaky_relu(x, SLOPE), dilation)
    inner = _conv(ops, weights, f"{name}.block.2", inner, dilation)
    inner = _conv(ops, weights, f"{name}.block.4", ops.leaky_relu(inner, SLOPE))
    return _conv(ops, weights, f"{name}.shortcut", x) + inner


def _conv(ops: Ops, weights: Weights, name: str, x: Tensor, dilation: int = 1) -> Tensor:
    found = convolve(ops, x, weights[f"{name}.weight"], "valid", dilation=dilation)
    return found + weights[f"{name}.bias"]


def _mirrored(ops: Ops, x: Tensor, size: int) -> Tensor:
    return ops.pad(x, [(0, 0), (0, 0), (size, size), (0, 0)], mode="reflect")


def convolutions(config: VocoderConfig) -> Iterator[tuple[str, bool, int, int, int]]:
    """Name, whether it is transposed, kernel size, channels before and after of all convolutions."""
    parts, last = stages(config)
    yield "model.1", False, ENDS, config.mels, config.channels[0]
    for stage, before, after in zip(parts, config.channels, config.channels[1:], strict=False):
        yield stage.name, True, 2 * stage.ratio, before, after
        for name, _ in stage.blocks:
            yield f"{name}.block.2", False, 3, after, after
            yield f"{name}.block.4", False, 1, after, after
            yield f"{name}.shortcut", False, 1, after, after
    yield last, False, ENDS, config.channels[-1], 1
