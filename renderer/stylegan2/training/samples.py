"""Sheets of sample images: one row for each class, always from the same latents."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from core.nn.backend import compiled
from core.nn.stateless_random import StatelessRandom
from core.training.random_streams import Stream, generator
from core.training.trees import Tensor, Tensors
from renderer.stylegan2.training import generator as network
from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.hparams import StyleGan2Hparams
from renderer.stylegan2.training.training_ops import ops
from renderer.training.sample_grid import save, to_bytes

COLUMNS = 8
# Latents of each class whose mapped ones are averaged.
AVERAGED = 2048
_NOISE = 9


class SampleRenderer:
    """Renders images of one generator at one size, in batches of `COLUMNS`."""

    def __init__(self, weights: Mapping[str, Any], hparams: StyleGan2Hparams, classes: int, size: int) -> None:
        self._weights = dict(weights)
        self._render, self._averages = _compiled(hparams, classes, size), averages(weights, hparams, classes)

    def __call__(self, z: np.ndarray, labels: np.ndarray, psi: float = 1.0) -> np.ndarray:
        """Render images.

        Args:
            z: [n, z_size].
            labels: [n, classes].
            psi: truncation towards the mean of the labels.

        Returns:
            float32 [n, size, size, 3], nominally in -1..1.
        """
        found = []
        for start in range(0, len(z), COLUMNS):
            rows = slice(start, start + COLUMNS)
            missing = COLUMNS - len(z[rows])
            padded = [np.concatenate([each[rows], each[:1].repeat(missing, 0)]) for each in (z, labels)]
            images = self._render(self._weights, *padded, self._averages, np.float32(psi))
            found.append(np.asarray(ops.convert_to_numpy(images))[: COLUMNS - missing])
        return np.concatenate(found)


def averages(weights: Mapping[str, Any], hparams: StyleGan2Hparams, classes: int) -> np.ndarray:
    """The mean mapped latent of each class: float32 [classes, w_size]."""
    z = generator(hparams.seed, Stream.STATISTICS).standard_normal((AVERAGED, hparams.z_size), np.float32)
    run = _compiled_mapping(hparams, classes)
    found = []
    for one in np.eye(classes, dtype=np.float32):
        labels = np.broadcast_to(one, (AVERAGED, classes))
        found.append(np.asarray(ops.convert_to_numpy(run(dict(weights), z, labels))))
    return np.stack(found)


def sheet(weights: Mapping[str, Any], source: ImageSource, size: int, psi: float = 1.0) -> np.ndarray:
    """A real image of each class, and `COLUMNS` generated ones: uint8 [classes * size, (COLUMNS + 1) * size, 3]."""
    dataset, hparams, lines = source.dataset, source.hparams, []
    rng = generator(hparams.seed, Stream.SAMPLES)
    render = SampleRenderer(weights, hparams, source.classes, size)
    for label in range(source.classes):
        row = int(np.flatnonzero(dataset.labels == label)[0])
        labels = np.eye(source.classes, dtype=np.float32)[np.full(COLUMNS, label)]
        z = rng.standard_normal((COLUMNS, hparams.z_size), np.float32)
        lines.append(np.concatenate([dataset.at(size)[row], *to_bytes(render(z, labels, psi))], axis=1))
    return np.concatenate(lines)


def write(path: Path, weights: Mapping[str, Any], source: ImageSource, size: int, psi: float = 1.0) -> Path:
    """Write a sheet as PNG; the file's path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, sheet(weights, source, size, psi))
    return path


@lru_cache(maxsize=8)
def _compiled(hparams: StyleGan2Hparams, classes: int, size: int) -> Callable[..., Any]:
    return compiled(partial(_rendered, hparams, classes, size))


def _rendered(
    hparams: StyleGan2Hparams, classes: int, size: int, weights: Tensors, z: Tensor, labels: Tensor, means: Tensor,
    psi: Tensor,
) -> Tensor:  # fmt: skip
    config = hparams.config(classes, size)
    w = network.mapped(weights, z, labels if classes > 1 else None, config)
    mean = ops.matmul(labels, means)
    w = mean + (w - mean) * psi
    latents = ops.broadcast_to(w[:, None], (w.shape[0], config.num_ws, config.w_size))
    random = StatelessRandom(ops.convert_to_tensor(np.array((0, _NOISE), np.uint32)), 0)
    return network.images(weights, latents, random, hparams, size)


@lru_cache(maxsize=8)
def _compiled_mapping(hparams: StyleGan2Hparams, classes: int) -> Callable[..., Any]:
    config = hparams.config(classes)

    def mean(weights: Tensors, z: Tensor, labels: Tensor) -> Tensor:
        return ops.mean(network.mapped(weights, z, labels if classes > 1 else None, config), axis=0)

    return compiled(mean)
