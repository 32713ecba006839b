"""Begin a run with a model that was exported: with all that its trainer knew, or with the generator alone."""

from functools import partial
from pathlib import Path

import numpy as np

from core.training import exported_state, random_streams, saves
from core.training import settings as settings_of_runs
from core.training.random_streams import Stream
from core.training.trees import Tree
from renderer.biggan import model_formats
from renderer.training import hparams as run_hparams
from renderer.training import state as run_state
from renderer.training.hparams import ImageHparams
from renderer.training.state import ImageState

TABLES = (".running_means", ".running_vars")


def write(folder: Path, state: ImageState, own: ImageHparams, classes: tuple[str, ...]) -> None:
    """Write what training further needs into the folder of an exported model."""
    run_hparams.describe(folder, own, classes)
    exported_state.write(folder, state.tree, state.images, size=state.size)


def read(folder: Path, own: ImageHparams, classes: tuple[str, ...], latents: int) -> ImageState:
    """The state of a run that begins with an exported model.

    Args:
        folder: of the model.
        own: the run's hyper-parameters.
        classes: names of the dataset's classes, which must be the model's.
        latents: how many are learned.

    Raises:
        FileNotFoundError: it is not such a folder.
        ValueError: the model has other classes or another shape, or a file is damaged.
    """
    settings_of_runs.check_classes(
        folder, model_formats.class_names(folder, model_formats.read_config(folder)), classes
    )
    first = run_state.initial(own, len(classes), latents, random_streams.generator(own.seed, Stream.WEIGHTS)).tree
    alone = partial(_generator, folder, first)
    tree, counters = exported_state.begin(folder, first, own.total_images, alone, size=own.size)
    return ImageState(tree, **counters)


def _generator(folder: Path, first: Tree) -> Tree:
    """The generator's weights and the moments of its batch norms, in the names and layouts of the trainer."""
    arrays = model_formats.read_weights(folder, model_formats.read_config(folder))
    weights = {name: _ours(value) for name, value in arrays.items() if not name.endswith(TABLES)}
    average = {name: weights.get(name, value.copy()) for name, value in first["average"].items()}
    saves.check_shapes(folder, average, first["average"])
    # The last row is that of truncation 1, with which a run learns.
    moving = {
        name: np.stack([arrays[name + table][-1] for table in TABLES]) if name + TABLES[0] in arrays else value
        for name, value in first["moving"].items()
    }
    return {"average": average, "moving": moving}


def _ours(value: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T)
