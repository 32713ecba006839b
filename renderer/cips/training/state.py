"""The state of a run: everything that has to be saved for it to resume as if never stopped."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from core.training import random_streams, saves, settings
from core.training.random_streams import Stream
from core.training.trees import Tree, to_arrays
from renderer.cips import model_files, weights
from renderer.cips.config import CipsConfig
from renderer.cips.weights import AVERAGES, FIRST, Arrays


@dataclass
class CipsState:
    """A tree of arrays or tensors, and how many pictures of the dataset were seen.

    The tree has the branches "generator", "average" (of it, which plays) and "generator_adam" ("m", "v" and "steps").
    """

    tree: Tree
    images: int = 0


def initial(config: CipsConfig, seed: int) -> CipsState:
    """The state of a run before its first picture."""
    return _first(weights.initial(config, random_streams.generator(seed, Stream.WEIGHTS)), config)


def continued(folder: Path, config: CipsConfig, classes: Sequence[str]) -> CipsState:
    """The state of a run that begins with a finished model.

    Args:
        folder: of the model.
        config: of the run.
        classes: names of the dataset's classes, which must be the model's; a single one counts as none.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged, or has other classes or another shape.
    """
    own, arrays = model_files.read(folder)
    if own.num_classes or len(classes) > 1:
        settings.check_classes(folder, model_files.class_names(folder, own), classes)
    for name, value in asdict(replace(own, z_size=config.z_size)).items():
        if (wanted := asdict(config)[name]) != value:
            raise ValueError(f"{folder} has {name} {value}, and this run {wanted}")
    if own.z_size < config.z_size:
        raise ValueError(f"{folder} has latents of {own.z_size} values, fewer than the {config.z_size} factors")
    return _first(arrays | {FIRST: weights.gathered(arrays[FIRST], config.z_size, own.z_size)}, config)


def save(folder: Path, state: CipsState) -> Path:
    """Write a state into a run folder; the file's path."""
    return saves.save(folder, to_arrays(state.tree), state.images)


def restore(folder: Path, config: CipsConfig) -> CipsState:
    """Read the latest save of a run.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged or of a run of another shape.
    """
    tree, counters = saves.load(saves.latest(folder), initial(config, 0).tree)
    return CipsState(tree, **counters)


def _first(arrays: Arrays, config: CipsConfig) -> CipsState:
    own = {name: value for name, value in arrays.items() if name != AVERAGES}
    zeros = [{name: np.zeros(own[name].shape, np.float32) for name in weights.learned(config)} for _ in range(2)]
    moments = {"m": zeros[0], "v": zeros[1], "steps": np.zeros((), np.float32)}
    average = {name: value.copy() for name, value in own.items()}
    return CipsState({"generator": own, "average": average, "generator_adam": moments})
