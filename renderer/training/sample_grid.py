"""Sheets of samples: one row for each class."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from core.nn.backend import compiled
from renderer.training import generator
from renderer.training.batches import Source, with_factors
from renderer.training.generator import Norm
from renderer.training.hparams import Hparams
from renderer.training.statistics import Collector

# Of everything random; batches and trainer have the others.
SHEET = 4
COLUMNS = 6
# Batches that the sheet's statistics are taken from.
BATCHES = 4


class SamplePainter:
    """Pictures of one generator at one size, normalised as they will be when it plays, truncation 1."""

    def __init__(self, weights: Mapping[str, Any], hparams: Hparams, classes: int, size: int) -> None:
        rng = np.random.default_rng([hparams.seed, SHEET, 1])
        self._weights = dict(weights)
        self._given = Collector(weights, hparams, classes, size).collect(1.0, BATCHES, rng)
        self._paint = _compiled(hparams, size)

    def __call__(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """[n, z_dim] and [n, classes] -> float32 [n, size, size, 3] in -1..1."""
        return np.asarray(ops.convert_to_numpy(self._paint(self._weights, self._given, z, labels)))


def rows(source: Source, paint: SamplePainter, size: int, columns: int = COLUMNS) -> np.ndarray:
    """A sheet: a real picture, the same from its known latent (where it is known), then random latents.

    Returns:
        uint8 [classes * size, (columns + 1 or 2) * size, 3].
    """
    pictures, hparams = source.pictures, source.hparams
    rng, lines = np.random.default_rng([hparams.seed, SHEET]), []
    for label in range(len(pictures.classes)):
        row = int(np.flatnonzero(pictures.labels == label)[0])
        z = rng.standard_normal((columns, hparams.z_dim), np.float32)
        if pictures.factors is not None:
            z = np.concatenate([with_factors(z[:1], pictures.factors[row : row + 1]), z])
        labels = np.eye(len(pictures.classes), dtype=np.float32)[np.full(len(z), label)]
        lines.append(np.concatenate([pictures.at(size)[row], *to_bytes(paint(z, labels))], axis=1))
    return np.concatenate(lines)


def to_bytes(pictures: np.ndarray) -> np.ndarray:
    """-1..1 -> uint8 0..255."""
    return np.clip((pictures + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)


def save(path: Path, sheet: np.ndarray, fold: int = 1) -> None:
    """Write a sheet as PNG, its rows folded into `fold` columns."""
    from PIL import Image

    Image.fromarray(np.concatenate(np.split(sheet, fold), axis=1)).save(path)


@lru_cache(maxsize=8)
def _compiled(hparams: Hparams, size: int) -> Callable[..., Any]:
    return compiled(partial(_painted, hparams, size))


def _painted(
    hparams: Hparams, size: int, weights: Mapping[str, Any], given: Mapping[str, Any], z: Any, labels: Any
) -> Any:
    return generator.paint(weights, z, labels, hparams, Norm(given), size)
