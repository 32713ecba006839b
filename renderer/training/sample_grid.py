"""Grids of sample images: one row for each class."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core.nn.backend import compiled
from core.training import random_streams
from core.training.random_streams import Stream
from core.training.trees import Tensor, Tensors
from renderer.training import generator
from renderer.training.batches import ImageSource, with_factors
from renderer.training.generator import BatchNorm
from renderer.training.hparams import ImageHparams
from renderer.training.statistics import Collector

COLUMNS = 6
# Batches from which the statistics of batch norm are taken.
BATCHES = 4


class SampleRenderer:
    """Renders images of one generator at one size, normalised as when it plays, at truncation 1."""

    def __init__(self, weights: Mapping[str, Any], hparams: ImageHparams, classes: int, size: int) -> None:
        rng = random_streams.generator(hparams.seed, Stream.SAMPLES, 1)
        self._weights = dict(weights)
        self._given = Collector(weights, hparams, classes, size).collect(1.0, BATCHES, rng)
        self._render = _compiled(hparams, size)

    def __call__(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """[n, z_dim] and [n, classes] -> float32 [n, size, size, 3] in -1..1."""
        return np.asarray(ops.convert_to_numpy(self._render(self._weights, self._given, z, labels)))


def rows(source: ImageSource, render: SampleRenderer, size: int, columns: int = COLUMNS) -> np.ndarray:
    """A grid: a real image, the same image from its latent (where that is known), then images of random latents.

    Returns:
        uint8 [classes * size, (columns + 1 or 2) * size, 3].
    """
    dataset, hparams = source.dataset, source.hparams
    rng, lines = random_streams.generator(hparams.seed, Stream.SAMPLES), []
    for label in range(len(dataset.classes)):
        row = int(np.flatnonzero(dataset.labels == label)[0])
        z = rng.standard_normal((columns, hparams.z_dim), np.float32)
        if dataset.factors is not None:
            z = np.concatenate([with_factors(z[:1], dataset.factors[row : row + 1]), z])
        labels = np.eye(len(dataset.classes), dtype=np.float32)[np.full(len(z), label)]
        lines.append(np.concatenate([dataset.at(size)[row], *to_bytes(render(z, labels))], axis=1))
    return np.concatenate(lines)


def to_bytes(images: np.ndarray) -> np.ndarray:
    """-1..1 -> uint8 0..255."""
    return np.clip((images + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)


def save(path: Path, grid: np.ndarray, fold: int = 1) -> None:
    """Write a grid as PNG, its rows folded into `fold` columns."""
    from PIL import Image

    Image.fromarray(np.concatenate(np.split(grid, fold), axis=1)).save(path)


@lru_cache(maxsize=8)
def _compiled(hparams: ImageHparams, size: int) -> Callable[..., Any]:
    return compiled(partial(_rendered, hparams, size))


def _rendered(hparams: ImageHparams, size: int, weights: Tensors, given: Tensors, z: Tensor, labels: Tensor) -> Tensor:
    return generator.render(weights, z, labels, hparams, BatchNorm(given), size)
