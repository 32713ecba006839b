"""Differentiable augmentation (Zhao et al. 2020): what the discriminator sees is changed, real and made alike.

So it cannot learn the dataset by heart, and the generator need not learn the changes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

Tensor = Any
# Shifts reach this share of the edge; a hole has this edge.
SHIFT, HOLE = 0.125, 0.5
NUMBERS = 7


def numbers(rng: np.random.Generator, count: int) -> np.ndarray:
    """What to do to each picture: float32 [count, NUMBERS] in 0..1."""
    return rng.random((count, NUMBERS), np.float32)


def augment(pictures: Tensor, chances: Tensor, kinds: Sequence[str]) -> Tensor:
    """Pictures [n, size, size, 3] in -1..1, changed as `chances`, from `numbers`, say."""
    for kind in kinds:
        pictures = _KINDS[kind](pictures, chances)
    return pictures


def _colour(x: Tensor, chances: Tensor) -> Tensor:
    """Brightness +-0.5, saturation times 0 to 2, contrast times 0.5 to 1.5."""
    bright, saturation, contrast = (chances[:, i, None, None, None] for i in (0, 1, 2))
    x = x + bright - 0.5
    grey = ops.mean(x, axis=3, keepdims=True)
    x = (x - grey) * (2.0 * saturation) + grey
    middle = ops.mean(x, axis=(1, 2, 3), keepdims=True)
    return (x - middle) * (contrast + 0.5) + middle


def _translation(x: Tensor, chances: Tensor) -> Tensor:
    """Shifted by whole pixels; what comes in is grey. A product with shifted unit matrices, for its gradient."""
    size = x.shape[1]
    reach = int(size * SHIFT + 0.5)
    down, across = (ops.floor(chances[:, i] * (2 * reach + 1)) - reach for i in (3, 4))
    x = ops.einsum("nij,njwc->niwc", _shifted(down, size), x)
    return ops.einsum("nij,nhjc->nhic", _shifted(across, size), x)


def _cutout(x: Tensor, chances: Tensor) -> Tensor:
    """A square hole of grey."""
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
