"""Begin a run with a model that was exported: with all that its trainer knew, or with the generator alone."""

from functools import partial
from pathlib import Path

from core.training import exported_state, random_streams, saves
from core.training import settings as settings_of_runs
from core.training.random_streams import Stream
from core.training.trees import Tree
from renderer.stylegan2 import weights
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import model_files, own_format
from renderer.stylegan2.training import generator
from renderer.stylegan2.training import hparams as run_hparams
from renderer.stylegan2.training import state as run_state
from renderer.stylegan2.training.hparams import StyleGan2Hparams
from renderer.stylegan2.training.state import StyleGan2State


def write(folder: Path, state: StyleGan2State, own: StyleGan2Hparams, classes: tuple[str, ...]) -> None:
    """Write what training further needs into the folder of an exported model."""
    run_hparams.describe(folder, own, classes)
    exported_state.write(folder, state.tree, state.images, size=state.size)


def read(folder: Path, own: StyleGan2Hparams, classes: tuple[str, ...]) -> StyleGan2State:
    """The state of a run that begins with an exported model.

    Args:
        folder: of the model.
        own: the run's hyper-parameters.
        classes: names of the dataset's classes, which must be the model's; a single one counts as none.

    Raises:
        FileNotFoundError: it is not such a folder.
        ValueError: the model has other classes or another shape, or a file is damaged.
    """
    config = own_format.read_config(folder)
    if config.num_classes or len(classes) > 1:
        settings_of_runs.check_classes(folder, model_files.class_names(folder, config), classes)
    first = run_state.initial(own, len(classes), random_streams.generator(own.seed, Stream.WEIGHTS)).tree
    alone = partial(_generator, folder, config, first)
    tree, counters = exported_state.begin(folder, first, own.total_images, alone, size=own.size)
    return StyleGan2State(tree, **counters)


def _generator(folder: Path, config: StyleGan2Config, first: Tree) -> Tree:
    """The generator's weights under the trainer's names."""
    arrays = weights.complete(own_format.read_arrays(folder), config)
    average = {name: arrays[name] for name in generator.used(config)}
    saves.check_shapes(folder, average, first["average"])
    return {"average": average}
