"""Export a run as a folder that the renderer loads: BigGAN-deep's weights under their usual names.

Spectral norm is folded in. Layouts are those of torch, as in pytorch-pretrained-biggan's state dict: linear layers
[out, in], kernels [out, in, h, w].
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.files.atomic import new_folder
from core.progress import Progress
from core.training import random_streams
from core.training.random_streams import Stream
from core.training.trees import to_arrays, to_tensors
from renderer.biggan import npz_format
from renderer.biggan.config import to_json
from renderer.biggan.model_formats import CLASSES, CONFIG
from renderer.training import sample_grid, statistics
from renderer.training.batches import ImageSource
from renderer.training.hparams import TRUNCATIONS, ImageHparams
from renderer.training.state import ImageState
from renderer.training.statistics import Collector, Moments

GRID = "sheet.png"


def export(
    folder: Path,
    state: ImageState,
    source: ImageSource,
    batches: int = 3,
    progress: Progress = lambda done, total: None,
) -> None:
    """Write a new folder with the averaged generator: config.json, weights.npz, classes.json and sheet.png.

    Args:
        folder: to write, whole or not at all.
        state: of a run that has reached its full size.
        source: what it was trained on, for the names of the classes and the sample grid.
        batches: how many batches of 64 images each truncation's statistics are averaged over.
        progress: called with the truncations done and their total.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: the run has not reached its full size.
    """
    hparams, classes = source.hparams, source.dataset.classes
    if state.size != hparams.size:
        raise ValueError(f"the run is at {state.size} pixels; it can be exported once it is at {hparams.size}")
    weights = statistics.ready(to_tensors(state.tree), hparams)
    tables = _tables(Collector(weights, hparams, source.classes, hparams.size), hparams, batches, progress)
    with new_folder(folder) as part:
        _write_json(part / CONFIG, to_json(hparams.config(folder.name, source.classes)))
        _write_json(part / CLASSES, list(classes))
        npz_format.write(part / npz_format.NAME, torch_arrays(to_arrays(weights), tables), "float16")
        render = sample_grid.SampleRenderer(weights, hparams, source.classes, hparams.size)
        sample_grid.save(part / GRID, sample_grid.rows(source, render, hparams.size), fold=2 - source.classes % 2)


def torch_arrays(weights: Mapping[str, np.ndarray], tables: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights in torch's layout with the tables of batch norm.

    Args:
        weights: with spectral norm folded in.
        tables: mean and variance [TRUNCATIONS, 2, channels] of each batch norm, truncation 0 first.
    """
    found = {name: _torch(value).astype(np.float16) for name, value in weights.items() if not name.startswith("heads.")}
    for name, table in tables.items():
        found[f"{name}.running_means"], found[f"{name}.running_vars"] = table[:, 0], table[:, 1]
    return found


def _torch(value: np.ndarray) -> np.ndarray:
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T


def _tables(collector: Collector, hparams: ImageHparams, batches: int, progress: Progress) -> Moments:
    found: dict[str, list[np.ndarray]] = {}
    for row in range(TRUNCATIONS):
        # The same latents for each truncation, so that the tables are smooth.
        rng = random_streams.generator(hparams.seed, Stream.STATISTICS)
        for name, moments in collector.collect(row / (TRUNCATIONS - 1), batches, rng).items():
            found.setdefault(name, []).append(moments)
        progress(row + 1, TRUNCATIONS)
    return {name: np.stack(rows) for name, rows in found.items()}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
