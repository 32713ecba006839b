"""Differentiable augmentation (Zhao et al. 2020) of everything the discriminator sees, real and generated images.

It keeps the discriminator from memorising the dataset, and the generator does not learn the changes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

Tensor = Any
# Shifts are at most this share of the edge; a cut-out square has this edge.
SHIFT, HOLE = 0.125, 0.5
# Random numbers per image.
NUMBERS = 7


def numbers(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random numbers that decide how each image is changed: float32 [count, NUMBERS] in 0..1."""
    return rng.random((count, NUMBERS), np.float32)


def augment(images: Tensor, chances: Tensor, kinds: Sequence[str]) -> Tensor:
    """Change images [n, size, size, 3] in -1..1.

    Args:
        images: to change.
        chances: [n, NUMBERS], from `numbers`.
        kinds: of changes: "colour", "translation", "cutout".
    """
    for kind in kinds:
        images = _KINDS[kind](images, chances)
    return images


def _colour(x: Tensor, chances: Tensor) -> Tensor:
    """Change brightness by up to 0.5, multiply saturation by 0..2 and contrast by 0.5..1.5."""
    bright, saturation, contrast = (chances[:, i, None, None, None] for i in (0, 1, 2))
    x = x + bright - 0.5
    grey = ops.mean(x, axis=3, keepdims=True)
    x = (x - grey) * (2.0 * saturation) + grey
    middle = ops.mean(x, axis=(1, 2, 3), keepdims=True)
    return (x - middle) * (contrast + 0.5) + middle


def _translation(x: Tensor, chances: Tensor) -> Tensor:
    """Shift by whole pixels, with grey at the edge. A product with shifted unit matrices, so that gradients flow."""
    size = x.shape[1]
    reach = int(size * SHIFT + 0.5)
    down, across = (ops.floor(chances[:, i] * (2 * reach + 1)) - reach for i in (3, 4))
    x = ops.einsum("nij,njwc->niwc", _shifted(down, size), x)
    return ops.einsum("nij,nhjc->nhic", _shifted(across, size), x)


def _cutout(x: Tensor, chances: Tensor) -> Tensor:
    """Replace a square by grey."""
    size = x.shape[1]
    places = ops.arange(size, dtype="float32")
    top, left = (ops.floor(chances[:, i] * size)[:, None] for i in (5, 6))
    inside_row, inside_column = (
        ops.cast(ops.abs(places - middle) < HOLE * size / 2, "float32") for middle in (top, left)
    )
    return x * (1.0 - inside_row[:, :, None, None] * inside_column[:, None, :, None])


def _shifted(steps: Tensor, size: int) -> Tensor:
    """[n, size, size]: ones where row - column is the step."""
    places = ops.arange(size, dtype="float32")
    return ops.cast(ops.equal(places[:, None] - places[None, :], steps[:, None, None]), "float32")


_KINDS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "colour": _colour,
    "translation": _translation,
    "cutout": _cutout,
}
