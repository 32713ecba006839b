"""BigGAN-deep's generator as pure functions of a dict of arrays, in keras.ops. Maps are [n, height, width, channels].

Source: Brock et al. 2019, appendix B, as pytorch-pretrained-biggan runs it. Done differently, with the same result:

* Batch norm's statistics, scale and offset, and the bias of the convolution before, are one product and one sum.
* A doubling followed by a 3x3 convolution takes a quarter of the multiplications; see `gansynth.upsample_conv`.
* Wide 3x3 convolutions take less than half of theirs; see `winograd`.
* Of the last convolution only the three colours are computed, as one matrix product.
* Elementwise work on a map is one pass over it.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from keras import ops

from core.nn.backend import fused
from gansynth import upsample_conv
from renderer.biggan import winograd
from renderer.biggan.config import FIRST_LAYER, Attention, Block, Config

Tensor = Any
Weights = Mapping[str, Tensor]
# Frames are rendered for minutes: compiling a pass over even a small map pays.
_merged = partial(fused, least=2**18)
_always_merged = partial(fused, least=0)


def conditions(
    weights: Weights, z: Tensor, classes: Tensor, means: Tensor, deviations: Tensor, config: Config
) -> tuple[Tensor, Tensor, Tensor]:
    """All that depends on noise, class and truncation.

    Args:
        weights: from `prepare`.
        z: [n, z_size].
        classes: [n, num_classes], any weights.
        means: [n, values] of all batch norms, from their tables.
        deviations: the same.
        config: the generator's shape.

    Returns:
        The first map [n, 4, 4, channels]; gains and shifts [n, values] of all batch norms.
    """
    found = ops.matmul(_condition(weights, z, classes), weights["conditions/kernel"]) + weights["conditions/bias"]
    values = means.shape[-1]
    gains = found[:, :values] / deviations
    shifts = found[:, values : 2 * values] - means * gains
    return ops.reshape(found[:, 2 * values :], (-1, *config.layer_shapes[FIRST_LAYER])), gains, shifts


def first_map(weights: Weights, z: Tensor, classes: Tensor, config: Config) -> Tensor:
    """The first map of `conditions` alone: [n, 4, 4, channels]."""
    kernel, bias = (weights[f"conditions/{name}"][..., -config.first_values :] for name in ("kernel", "bias"))
    found = ops.matmul(_condition(weights, z, classes), kernel) + bias
    return ops.reshape(found, (-1, *config.layer_shapes[FIRST_LAYER]))


def render(
    weights: Weights,
    x: Tensor,
    gains: Tensor,
    shifts: Tensor,
    config: Config,
    offsets: Mapping[str, Tensor] | None = None,
) -> Tensor:
    """Frames [n, size, size, 3] in -1..1 of what `conditions` gives, `offsets` added to what leaves their layers."""
    norms, moved = _norms(gains, shifts, config), offsets or {}
    for layer, parts in zip(config.layer_shapes, ((), *((part,) for part in config.parts)), strict=True):
        x = _through(weights, x, norms, parts)
        if layer in moved:
            x = x + moved[layer]
    x = ops.matmul(_activate(x, *norms["generator.bn"]), weights["colors/kernel"])
    return _colors(x, weights["colors/bias"])


def activations(weights: Weights, x: Tensor, gains: Tensor, shifts: Tensor, config: Config, layer: str) -> Tensor:
    """What leaves `layer`, [n, height, width, channels], but for `prepare.lacking`; nothing above it is computed."""
    parts = config.parts[: list(config.layer_shapes).index(layer)]
    return _through(weights, x, _norms(gains, shifts, config), parts)


def _condition(weights: Weights, z: Tensor, classes: Tensor) -> Tensor:
    return ops.concatenate([z, ops.matmul(classes, weights["embeddings"])], axis=-1)


def _norms(gains: Tensor, shifts: Tensor, config: Config) -> dict[str, tuple[Tensor, Tensor]]:
    """Each batch norm's gain and shift, as maps of one pixel."""
    norms, done = {}, 0
    for name, channels in config.norms:
        gain, shift = (values[:, None, None, done : done + channels] for values in (gains, shifts))
        norms[name] = (gain, shift)
        done += channels
    return norms


def _through(
    weights: Weights, x: Tensor, norms: Mapping[str, tuple[Tensor, Tensor]], parts: Iterable[Block | Attention]
) -> Tensor:
    for part in parts:
        x = attend(weights, x, part) if isinstance(part, Attention) else block(weights, x, part, norms)
    return x


def block(weights: Weights, x: Tensor, part: Block, norms: Mapping[str, tuple[Tensor, Tensor]]) -> Tensor:
    """One residual block: [n, h, w, before] -> [n, h', w', after]."""
    kernels = [weights[f"{part.name}.conv_{number}"] for number in range(4)]
    (_, first), (_, second), (_, third), (_, fourth) = ((name, norms[name]) for name, _ in part.norms)
    y = _activate(ops.matmul(_activate(x, *first), kernels[0]), *second)
    if part.doubles:
        y = _activate_doubled(upsample_conv.products(y, kernels[1]), *third)
    else:
        y = _convolve(y, kernels[1], *third)
    y = ops.matmul(_convolve(y, kernels[2], *fourth), kernels[3])
    short = x[..., : part.after]
    return _add_doubled(y, short) if part.doubles else y + short


def attend(weights: Weights, x: Tensor, part: Attention) -> Tensor:
    """Self-attention (Zhang et al. 2019): every pixel looks at a map of half the size."""
    eighth, pixels = part.channels // 8, part.size**2
    ways = ops.matmul(x, weights[f"{part.name}.in/kernel"]) + weights[f"{part.name}.in/bias"]
    theta = ops.reshape(ways[..., :eighth], (-1, pixels, eighth))
    seen = ops.max_pool(ways[..., eighth:], 2, 2, "valid")
    seen = ops.reshape(seen, (-1, pixels // 4, seen.shape[-1]))
    phi, g = seen[..., :eighth], seen[..., eighth:]
    shares = ops.softmax(ops.matmul(theta, ops.transpose(phi, (0, 2, 1))), axis=-1)
    found = ops.matmul(ops.matmul(shares, g), weights[f"{part.name}.out"])
    return x + ops.reshape(found, (-1, part.size, part.size, part.channels))


def _convolve(x: Tensor, kernel: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    """A 3x3 convolution and what follows it."""
    if len(kernel.shape) == 4:
        return _activate(ops.conv(x, kernel, 1, "same"), gain, shift)
    _, height, width, _ = x.shape
    return _activate_untiled(ops.matmul(_tiles(x), kernel), gain, shift, height, width)


@_always_merged
def _tiles(x: Tensor) -> Tensor:
    return winograd.tiles(x)


@_always_merged
def _activate_untiled(products: Tensor, gain: Tensor, shift: Tensor, height: int, width: int) -> Tensor:
    return ops.relu(winograd.untiled(products, height, width) * gain + shift)


@_merged
def _activate(x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    return ops.relu(x * gain + shift)


@_merged
def _activate_doubled(products: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    return ops.relu(upsample_conv.doubled(products) * gain + shift)


@_merged
def _colors(products: Tensor, bias: Tensor) -> Tensor:
    """The products [n, h, w, 27] of a map with the last kernel [3, 3] to each color, added up: [n, h, w, 3].

    A convolution to three channels leaves most of a processor's vector unit idle.
    """
    _, height, width, _ = products.shape
    x = ops.pad(products, ((0, 0), (1, 1), (1, 1), (0, 0)))
    x = sum(x[:, u : u + height, :, 9 * u : 9 * u + 9] for u in range(3))
    x = sum(x[:, :, v : v + width, 3 * v : 3 * v + 3] for v in range(3))
    return ops.tanh(x + bias)


@_merged
def _add_doubled(y: Tensor, short: Tensor) -> Tensor:
    """A map [n, 2h, 2w, c], and each pixel of another [n, h, w, c] four times."""
    _, height, width, channels = short.shape
    y = ops.reshape(y, (-1, height, 2, width, 2, channels)) + short[:, :, None, :, None]
    return ops.reshape(y, (-1, 2 * height, 2 * width, channels))
