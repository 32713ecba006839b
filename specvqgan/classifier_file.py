"""Read the weights of a classifier: a checkpoint of its training, or the tensors alone."""

from collections.abc import Callable
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


def prepared(
    path: Path, what: str, prepare: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """The tensors of a network's file as `prepare` makes them ready; `what` is the network that the file must hold.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else.
    """
    try:
        return prepare(read(path))
    except ValueError as error:
        raise ValueError(f"{path} must hold {what}: {error}") from None
