"""The projection discriminator (Miyato and Koyama 2018) with BigGAN's blocks, growing with the generator.

Weights are [h, w, in, out] and [in, out]; all have spectral norm. Each size has an input layer, such as "from_rgb_64".
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from core.training.trees import Tensor
from renderer.biggan.config import FIRST_SIZE
from renderer.biggan.network import convolve, double
from renderer.training.hparams import ImageHparams

# Channels of the maps never exceed this many times those at 128 pixels.
WIDEST = 8


def channels(hparams: ImageHparams, size: int) -> int:
    """Channels of the map at a size."""
    return hparams.discriminator_width * min(WIDEST, max(1, 128 // size))


def shapes(hparams: ImageHparams, classes: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight."""
    found: dict[str, tuple[int, ...]] = {}
    for size in hparams.sizes:
        found |= _convolution(f"from_rgb_{size}", 1, 3, channels(hparams, size))
    size = hparams.size
    while size > FIRST_SIZE:
        before, after = channels(hparams, size), channels(hparams, size // 2)
        found |= _convolution(f"block_{size}.conv_0", 3, before, after)
        found |= _convolution(f"block_{size}.conv_1", 3, after, after)
        found |= _convolution(f"block_{size}.short", 1, before, after)
        size //= 2
    last = channels(hparams, FIRST_SIZE)
    return found | {"score.weight": (last, 1), "score.bias": (1,), "embeddings.weight": (classes, last)}


def used(hparams: ImageHparams, classes: int, size: int, fading: bool) -> list[str]:
    """Names of the weights that score images of a size."""
    inputs = {f"from_rgb_{size}."} | ({f"from_rgb_{size // 2}."} if fading else set())
    larger = tuple(f"block_{other}." for other in hparams.sizes if other > size)
    return [
        name
        for name in shapes(hparams, classes)
        if not name.startswith(larger or ("-",)) and (not name.startswith("from_rgb") or name.startswith(tuple(inputs)))
    ]


def spectral(names: Mapping[str, Any]) -> list[str]:
    """Which weights have spectral norm: all but biases."""
    return [name for name in names if name.endswith(".weight")]


def score(
    weights: Mapping[str, Tensor], images: Tensor, classes: Tensor, hparams: ImageHparams, fade: Tensor | None = None
) -> Tensor:
    """Scores of images: high where they look real and of their class.

    Args:
        weights: with spectral norm applied.
        images: [n, size, size, 3] in -1..1.
        classes: [n, classes].
        hparams: gives the shape.
        fade: 0..1, how far this size has faded in; None: fully.

    Returns:
        [n].
    """
    size = first = images.shape[1]
    x = convolve(ops, weights, images, f"from_rgb_{size}")
    while size > FIRST_SIZE:
        x = _block(weights, x, f"block_{size}")
        size //= 2
        if fade is not None and 2 * size == first:
            x = fade * x + (1.0 - fade) * convolve(ops, weights, halve(images), f"from_rgb_{size}")
    x = ops.sum(ops.relu(x), axis=(1, 2))
    unconditional = ops.matmul(x, weights["score.weight"]) + weights["score.bias"]
    return unconditional[:, 0] + ops.sum(ops.matmul(classes, weights["embeddings.weight"]) * x, axis=-1)


def halve(x: Tensor) -> Tensor:
    """Means over boxes of 2 x 2 of a map [n, h, w, c]."""
    return ops.average_pool(x, 2, 2, "valid")


def blended(images: Tensor, fade: Tensor | None) -> Tensor:
    """Real images with as much of the new size as the generator shows."""
    return images if fade is None else fade * images + (1.0 - fade) * double(ops, halve(images))


def initial(hparams: ImageHparams, classes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """First weights; their scale does not matter, since spectral norm takes it away."""
    return {
        name: rng.standard_normal(shape, np.float32) if name.endswith(".weight") else np.zeros(shape, np.float32)
        for name, shape in shapes(hparams, classes).items()
    }


def _block(weights: Mapping[str, Tensor], x: Tensor, name: str) -> Tensor:
    inside = convolve(ops, weights, ops.relu(x), f"{name}.conv_0")
    inside = convolve(ops, weights, ops.relu(inside), f"{name}.conv_1")
    return halve(inside) + convolve(ops, weights, halve(x), f"{name}.short")


def _convolution(name: str, edge: int, before: int, after: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (edge, edge, before, after), f"{name}.bias": (after,)}
