"""BigGAN-deep's generator for training: its weights, and how batches are normalised; see `renderer.biggan.network`.

It grows from size to size. Each smaller size has an RGB output layer too ("heads.32..."), which an export leaves out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from keras import ops

from core.training.trees import Tensor
from renderer.biggan import network
from renderer.biggan.config import FIRST_CHANNELS, FIRST_SIZE, Attention, Block
from renderer.training.hparams import EPSILON, ImageHparams


def parts(hparams: ImageHparams) -> tuple[Block | Attention, ...]:
    """The blocks between the generator's first map and its RGB output, in order."""
    return hparams.config("", 1).parts


def shapes(hparams: ImageHparams, classes: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight, heads included."""
    cond, width = 2 * hparams.z_dim, hparams.channel_width
    first = FIRST_CHANNELS * width
    found: dict[str, tuple[int, ...]] = {
        "embeddings.weight": (classes, hparams.z_dim),
        "generator.gen_z.weight": (cond, FIRST_SIZE * FIRST_SIZE * first),
        "generator.gen_z.bias": (FIRST_SIZE * FIRST_SIZE * first,),
    }
    for part in parts(hparams):
        found |= _block_shapes(part, cond) if isinstance(part, Block) else _attention_shapes(part)
    found |= _colour_shapes("generator.bn", "generator.conv_to_rgb", width, 3)
    for size in hparams.sizes[:-1]:
        found |= _colour_shapes(f"heads.{size}.bn", f"heads.{size}.conv", channels_at(hparams, size), 1)
    return found


def channels_at(hparams: ImageHparams, size: int) -> int:
    """Channels of the last map of a size."""
    return [part.after for part in parts(hparams) if isinstance(part, Block) and part.size == size][-1]


def used(hparams: ImageHparams, classes: int, size: int, fading: bool) -> list[str]:
    """Names of the weights that images of a size depend on."""
    beyond = {f"{part.name}." for part in parts(hparams) if part.size > size}
    heads = {f"heads.{size}."} if size < hparams.size else {"generator.bn.", "generator.conv_to_rgb."}
    heads |= {f"heads.{size // 2}."} if fading else set()
    return [name for name in shapes(hparams, classes) if _is_used(name, beyond, heads)]


def spectral(names: Mapping[str, Any], conditions: bool) -> list[str]:
    """Names of the weights that have spectral norm; `conditions`: those of conditional batch norm too."""
    out = ("embeddings", "heads")
    kernels = [name for name in names if name.endswith(".weight") and not name.startswith(out)]
    kernels.remove("generator.bn.weight")
    return [name for name in kernels if conditions or not name.endswith((".scale.weight", ".offset.weight"))]


@dataclass
class BatchNorm:
    """Batch norm: by the batch's own moments, which are collected in `moments`, or by `given` ones (mean, variance).

    With given ones the values are those of a network that plays, but the gradient is still that of the batch's own
    moments (batch renormalisation, Ioffe 2017). Otherwise steps would change weights in ways that the moments undo.
    """

    given: Mapping[str, Tensor] | None = None
    moments: dict[str, Tensor] = field(default_factory=dict)

    def __call__(self, name: str, x: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        """Normalise a map [n, h, w, c]; scale and offset are [n, 1, 1, c] or [c]."""
        mean = ops.mean(x, axis=(0, 1, 2))
        variance = ops.mean(ops.square(x), axis=(0, 1, 2)) - ops.square(mean)
        self.moments[name] = ops.stop_gradient(ops.stack([mean, variance]))
        inverse = _inverse(variance)
        gain, shift = inverse, -mean * inverse
        if self.given is not None:
            wanted = _inverse(self.given[name][1])
            gain = inverse * ops.stop_gradient(wanted / inverse)
            shift = ops.stop_gradient((mean - self.given[name][0]) * wanted) - mean * gain
        return x * (scale * gain) + (scale * shift + offset)


def _inverse(variance: Tensor) -> Tensor:
    return ops.rsqrt(ops.maximum(variance, 0.0) + EPSILON)


def render(
    weights: Mapping[str, Tensor],
    z: Tensor,
    classes: Tensor,
    hparams: ImageHparams,
    norm: BatchNorm,
    size: int | None = None,
    fade: Tensor | None = None,
) -> Tensor:
    """Generate images.

    Args:
        weights: with spectral norm applied.
        z: [n, z_dim].
        classes: [n, classes], one-hot or mixed.
        hparams: gives the shape.
        norm: how to normalise.
        size: of the images, in pixels; None: full.
        fade: 0..1, how far this size has faded in; None: fully.

    Returns:
        [n, size, size, 3] in -1..1.
    """
    config = hparams.config("", 1)
    ready = network.prepare(ops, weights, config)

    def normalise(name: str, x: Tensor, cond: Tensor) -> Tensor:
        return norm(name, x, *_scale_and_offset(ready, name, cond))

    cond = network.condition(ops, ready, z, classes)
    return network.generator(ops, ready, cond, config, normalise, size=size, fade=fade)


def _scale_and_offset(weights: Mapping[str, Tensor], name: str, cond: Tensor) -> tuple[Tensor, Tensor]:
    """Those of a batch norm, [n, 1, 1, c] where it is conditional, else [c]."""
    if f"{name}.weight" in weights:
        return weights[f"{name}.weight"], weights[f"{name}.bias"]
    scale, offset = (ops.matmul(cond, weights[f"{name}.{kind}.weight"]) for kind in ("scale", "offset"))
    return (1.0 + scale)[:, None, None], offset[:, None, None]


def _block_shapes(part: Block, cond: int) -> dict[str, tuple[int, ...]]:
    channels = (part.before, part.inner, part.inner, part.inner, part.after)
    found: dict[str, tuple[int, ...]] = {}
    for number, edge in enumerate((1, 3, 3, 1)):
        before, after = channels[number : number + 2]
        for kind in ("scale", "offset"):
            found[f"{part.name}.bn_{number}.{kind}.weight"] = (cond, before)
        found[f"{part.name}.conv_{number}.weight"] = (edge, edge, before, after)
        found[f"{part.name}.conv_{number}.bias"] = (after,)
    return found


def _attention_shapes(part: Attention) -> dict[str, tuple[int, ...]]:
    whole, eighth, half = part.channels, part.channels // 8, part.channels // 2
    ways = {"theta": (whole, eighth), "phi": (whole, eighth), "g": (whole, half), "o_conv": (half, whole)}
    found: dict[str, tuple[int, ...]] = {
        f"{part.name}.snconv1x1_{way}.weight": (1, 1, *ends) for way, ends in ways.items()
    }
    return found | {f"{part.name}.gamma": (1,)}


def _colour_shapes(norm: str, conv: str, channels: int, edge: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{norm}.weight": (channels,),
        f"{norm}.bias": (channels,),
        f"{conv}.weight": (edge, edge, channels, 3),
        f"{conv}.bias": (3,),
    }


def _is_used(name: str, beyond: set[str], heads: set[str]) -> bool:
    if name.startswith(("heads.", "generator.bn.", "generator.conv_to_rgb.")):
        return name.startswith(tuple(heads))
    return not name.startswith(tuple(beyond)) if beyond else True


def initial(hparams: ImageHparams, classes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """First weights.

    Kernels keep the scale of their input; those of conditions have half of that, so that classes and latents have an
    effect from the first step on; attention starts at 0.
    """
    found = {}
    for name, shape in shapes(hparams, classes).items():
        value = np.zeros(shape, np.float32)
        if name == "embeddings.weight":
            value = rng.standard_normal(shape, np.float32)
        elif name.endswith("bn.weight"):
            value = np.ones(shape, np.float32)
        elif name.endswith(".weight"):
            value = rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(np.prod(shape[:-1])))
            value = value * np.float32(0.5 if ".scale." in name or ".offset." in name else 1.0)
        found[name] = value
    return found
