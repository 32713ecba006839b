"""BigGAN-deep's generator for training: a pure function of a dict of arrays that grows from size to size.

Source: Brock et al. 2019, appendix B. Names of weights are those of pytorch-pretrained-biggan's state dict; layouts are
those of keras.ops: linear layers [in, out], convolutions [h, w, in, out], maps [n, h, w, c]. Each smaller size has an
RGB output layer too ("heads.32..."), which an export leaves out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from keras import ops

from core.training.trees import Tensor
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
class Norm:
    """Batch norm: by the batch's own moments, which are collected in `moments`, or by `given` ones (mean, variance).

    With given ones the values are those of a network that plays, but the gradient is still that of the batch's own
    moments (batch renormalisation, Ioffe 2017). Otherwise steps would change weights in ways that the moments undo.
    """

    given: Mapping[str, Tensor] | None = None
    moments: dict[str, Tensor] = field(default_factory=dict)

    def __call__(self, name: str, x: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        """ReLU of a map [n, h, w, c], normalised; scale and offset are [n, 1, 1, c] or [c]."""
        mean = ops.mean(x, axis=(0, 1, 2))
        variance = ops.mean(ops.square(x), axis=(0, 1, 2)) - ops.square(mean)
        self.moments[name] = ops.stop_gradient(ops.stack([mean, variance]))
        inverse = _inverse(variance)
        gain, shift = inverse, -mean * inverse
        if self.given is not None:
            wanted = _inverse(self.given[name][1])
            gain = inverse * ops.stop_gradient(wanted / inverse)
            shift = ops.stop_gradient((mean - self.given[name][0]) * wanted) - mean * gain
        return ops.relu(x * (scale * gain) + (scale * shift + offset))


def _inverse(variance: Tensor) -> Tensor:
    return ops.rsqrt(ops.maximum(variance, 0.0) + EPSILON)


def paint(
    weights: Mapping[str, Tensor],
    z: Tensor,
    classes: Tensor,
    hparams: ImageHparams,
    norm: Norm,
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
    size = size or hparams.size
    cond = ops.concatenate([z, ops.matmul(classes, weights["embeddings.weight"])], axis=-1)
    x = ops.matmul(cond, weights["generator.gen_z.weight"]) + weights["generator.gen_z.bias"]
    x = ops.reshape(x, (-1, FIRST_SIZE, FIRST_SIZE, FIRST_CHANNELS * hparams.channel_width))
    coarse = None
    for part in parts(hparams):
        if part.size > size:
            break
        if isinstance(part, Attention):
            x = attention(weights, x, part.name)
            continue
        if fade is not None and part.doubles and part.size == size:
            coarse = _colours(weights, x, size // 2, hparams, norm)
        x = block(weights, x, cond, part, norm)
    fine = _colours(weights, x, size, hparams, norm)
    if fade is None or coarse is None:
        return fine
    return fade * fine + (1.0 - fade) * double(coarse)


def block(weights: Mapping[str, Tensor], x: Tensor, cond: Tensor, part: Block, norm: Norm) -> Tensor:
    """One residual block: [n, h, w, before] -> [n, h', w', after]."""

    def layer(y: Tensor, number: int) -> Tensor:
        name = f"{part.name}.bn_{number}"
        scale = 1.0 + ops.matmul(cond, weights[f"{name}.scale.weight"])
        offset = ops.matmul(cond, weights[f"{name}.offset.weight"])
        y = norm(name, y, scale[:, None, None], offset[:, None, None])
        # The inner convolutions work on the enlarged map.
        y = double(y) if number == 1 and part.doubles else y
        return convolve(weights, y, f"{part.name}.conv_{number}")

    inside = x
    for number in range(4):
        inside = layer(inside, number)
    short = x[..., : part.before // 2] if part.before != part.after else x
    return (double(short) if part.doubles else short) + inside


def attention(weights: Mapping[str, Tensor], x: Tensor, name: str) -> Tensor:
    """Self-attention (Zhang et al. 2019) over a map [n, h, w, c]; it has no biases."""

    def flat(which: str, pooled: bool) -> Tensor:
        y = ops.conv(x, weights[f"{name}.snconv1x1_{which}.weight"], 1, "same")
        y = ops.max_pool(y, 2, 2, "valid") if pooled else y
        return ops.reshape(y, (-1, y.shape[1] * y.shape[2], y.shape[3]))

    share = ops.softmax(ops.matmul(flat("theta", False), ops.transpose(flat("phi", True), (0, 2, 1))), axis=-1)
    seen = ops.matmul(share, flat("g", True))
    seen = ops.reshape(seen, (-1, x.shape[1], x.shape[2], seen.shape[-1]))
    return x + weights[f"{name}.gamma"] * ops.conv(seen, weights[f"{name}.snconv1x1_o_conv.weight"], 1, "same")


def convolve(weights: Mapping[str, Tensor], x: Tensor, name: str) -> Tensor:
    """A convolution with bias that keeps the size."""
    return ops.conv(x, weights[f"{name}.weight"], 1, "same") + weights[f"{name}.bias"]


def double(x: Tensor) -> Tensor:
    """Repeat each pixel of a map [n, h, w, c] in a box of 2 x 2."""
    _, height, width, channels = x.shape
    x = ops.stack([x, x], axis=3)
    x = ops.reshape(x, (-1, height, 2 * width, channels))
    return ops.reshape(ops.stack([x, x], axis=2), (-1, 2 * height, 2 * width, channels))


def _colours(weights: Mapping[str, Tensor], x: Tensor, size: int, hparams: ImageHparams, norm: Norm) -> Tensor:
    last = size == hparams.size
    name, conv = ("generator.bn", "generator.conv_to_rgb") if last else (f"heads.{size}.bn", f"heads.{size}.conv")
    x = norm(name, x, weights[f"{name}.weight"], weights[f"{name}.bias"])
    return ops.tanh(convolve(weights, x, conv))


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
