"""Read the weights of a classifier: a checkpoint of its training, or the tensors alone."""

from pathlib import Path

import numpy as np

from specvqgan import run_folder

# What torch puts before names where several devices have trained.
_PREFIX = "module."


def read(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a classifier by name, whatever the devices that trained it; see `run_folder.read_weights`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or holds something else.
    """
    return {name.removeprefix(_PREFIX): value for name, value in run_folder.read_weights(path).items()}
