"""Export a run as a folder that the renderer loads, and draw sheets of what it has learned."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.nn import numpy_ops
from core.training.random_streams import Stream, generator
from core.training.trees import to_arrays
from renderer import own_format
from renderer.cips import config as shapes
from renderer.cips import network
from renderer.cips.config import CipsConfig
from renderer.cips.model import Cips
from renderer.cips.training.batches import PixelSource
from renderer.cips.training.state import CipsState
from renderer.cips.weights import AVERAGES, FIRST, spread
from renderer.training.batches import with_factors
from renderer.training.sample_grid import save as save_grid

COLUMNS = 6
# Latents of each class whose mapped ones are averaged.
AVERAGED = 2048


def export(folder: Path, state: CipsState, source: PixelSource, dtype: str = "float16") -> None:
    """Write a new folder: config.json, weights.safetensors, classes.json.

    Args:
        folder: to write, whole or not at all.
        state: of the run.
        source: what it was trained on, for the names of the classes.
        dtype: of the arrays in the file, float16 or float32.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: a value is too large for `dtype`.
    """
    names = source.dataset.classes if source.config.num_classes else ()
    arrays = _complete(to_arrays(state.tree["average"]), source)
    own_format.write(folder, shapes.to_json(source.model_config), arrays, names, dtype)


def model(folder: Path, weights: Mapping[str, Any], source: PixelSource) -> Cips:
    """The model of a run's weights, as if it had been loaded from a folder."""
    return Cips(source.model_config, _complete(to_arrays(weights), source), source.dataset.classes, folder)


def sheet(weights: Mapping[str, Any], source: PixelSource) -> np.ndarray:
    """For each class a picture as it was learned, and some of random latents: uint8 [classes * size, width, 3]."""
    own, rng, lines = model(Path("run"), weights, source), generator(source.hparams.seed, Stream.SAMPLES), []
    for label, one in enumerate(np.eye(source.classes, dtype=np.float32)):
        z = rng.standard_normal((1 + COLUMNS, own.z_size), np.float32)
        z[:1] = with_factors(z[:1], source.factors[np.flatnonzero(source.dataset.labels == label)[:1]])
        labels = np.repeat(one[None], len(z), axis=0) if source.config.num_classes else None
        lines.append(np.concatenate(list(own.render(z, labels, 1.0)), axis=1))
    return np.concatenate(lines)


def write_sheet(run_dir: Path, state: CipsState, source: PixelSource) -> Path:
    """Write the sheet of a state into the samples of its run; the file's path."""
    path = run_dir / "samples" / f"images_{state.images:09d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_grid(path, sheet(state.tree["average"], source))
    return path


def _complete(arrays: Mapping[str, np.ndarray], source: PixelSource) -> dict[str, np.ndarray]:
    """The arrays of the model: it takes latents in the place of factors, and has the average w of each class."""
    config = source.config
    z = generator(source.hparams.seed, Stream.STATISTICS).standard_normal((AVERAGED, config.z_size), np.float32)
    averages = np.stack([_average(arrays, z, label, config) for label in range(source.classes)])
    first = spread(arrays[FIRST], config.z_size, source.hparams.z_size)
    return {**arrays, FIRST: first, AVERAGES: averages}


def _average(arrays: Mapping[str, np.ndarray], z: np.ndarray, label: int, config: CipsConfig) -> np.ndarray:
    labels = np.eye(config.num_classes, dtype=np.float32)[np.full(len(z), label)] if config.num_classes else None
    w: np.ndarray = network.mapping(numpy_ops, arrays, z, labels, config)
    return w.mean(axis=0)
