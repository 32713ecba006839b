"""Saves of a training run as npz files: a tree of arrays and the counters that belong to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.files.atomic import replacing
from core.formats.npz import read_npz
from core.training.trees import Tree, flatten, unflatten

VERSION = 1
KEPT = 2


def save(folder: Path, tree: Mapping[str, Any], images: int, **counters: int) -> Path:
    """Write save-IMAGES.npz, whole or not at all, and delete all saves but the last `KEPT`.

    Args:
        folder: the run folder.
        tree: nested dicts of arrays.
        images: how many images the run has seen.
        counters: whole numbers beside it.

    Returns:
        The file's path.
    """
    path = folder / f"save-{images:09d}.npz"
    counted = {"version": VERSION, "images": images, **counters}
    arrays = flatten(tree) | {name: np.asarray(value) for name, value in counted.items()}
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, **arrays)
    for old in found(folder)[:-KEPT]:
        old.unlink()
    return path


def found(folder: Path) -> list[Path]:
    """The saves in a run folder, the oldest first."""
    return sorted(folder.glob("save-*.npz"))


def latest(folder: Path) -> Path:
    """The newest save in a run folder.

    Raises:
        FileNotFoundError: there is none.
    """
    if not (paths := found(folder)):
        raise FileNotFoundError(f"{folder} has no save-*.npz; there is no run to resume")
    return paths[-1]


def load(path: Path, expected: Mapping[str, Any], *counters: str) -> tuple[Tree, dict[str, int]]:
    """Read a save.

    Args:
        path: of the file.
        expected: a tree with the names and shapes that this run has.
        counters: the names beside "images" that `save` was given.

    Returns:
        The tree of arrays, and the counters by name.

    Raises:
        ValueError: the file is damaged, of another version, or of a run of another shape.
    """
    try:
        arrays = read_npz(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it to resume from the save before it") from None
    version = arrays.pop("version", None)
    if version != VERSION:
        raise ValueError(f"{path} must be a save of version {VERSION}, not {version}")
    counted = {name: int(arrays.pop(name)) for name in ("images", *counters) if name in arrays}
    check_shapes(path, arrays, flatten(expected))
    return unflatten(arrays), counted


def check_shapes(path: Path, arrays: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Check that arrays have the names and shapes that a run has.

    Raises:
        ValueError: they do not; the message names the first that is wrong.
    """
    for name in sorted(set(expected) | set(arrays)):
        if name not in arrays or name not in expected or arrays[name].shape != expected[name].shape:
            raise ValueError(f"{path} does not fit this run: {name} is missing, unknown or of another shape")
