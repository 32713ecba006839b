"""Export a run as a folder that the renderer loads, with sheets of samples."""

from pathlib import Path

import numpy as np

from core.training.random_streams import Stream, generator
from core.training.trees import to_arrays
from renderer.stylegan2 import weights
from renderer.stylegan2.formats import own_format
from renderer.stylegan2.training import samples
from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.state import StyleGan2State


def arrays(state: StyleGan2State, source: ImageSource) -> dict[str, np.ndarray]:
    """The averaged generator as the renderer reads it, at the size that the run has reached.

    Raises:
        ValueError: the run has not begun.
    """
    if not state.size:
        raise ValueError("the run has not begun; there is nothing to export")
    config = source.hparams.config(source.classes, state.size)
    found = weights.initial(config, generator(source.hparams.seed, Stream.SAMPLES, 1))
    learned = to_arrays(state.tree["average"])
    found |= {name: value for name, value in learned.items() if name in found}
    averages = samples.averages(state.tree["average"], source.hparams, source.classes)
    found[weights.AVERAGE] = averages.mean(axis=0)
    if config.num_classes:
        found[weights.CLASS_AVERAGES] = averages
    return found


def export(folder: Path, state: StyleGan2State, source: ImageSource, dtype: str = "float16") -> None:
    """Write a new folder: config.json, weights.safetensors, classes.json.

    Args:
        folder: to write, whole or not at all.
        state: of the run.
        source: what it was trained on, for the names of the classes.
        dtype: of the arrays in the file, float16 or float32.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: the run has not begun, or a value is too large for `dtype`.
    """
    names = source.dataset.classes if source.classes > 1 else ()
    own_format.write(folder, source.hparams.config(source.classes, state.size), arrays(state, source), names, dtype)
