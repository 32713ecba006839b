"""What an exported model needs beside its weights to be trained further: a file in its folder, in half precision.

What it leaves out begins again: Adam's moments at zero, and the generator at its moving average, which is what plays.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.formats import safetensors_file
from core.training import saves
from core.training.settings import EXPORTED
from core.training.trees import Tree, flatten, unflatten

FILE = EXPORTED
_HIGHEST_HALF = float(np.finfo(np.float16).max)
_GENERATOR, _AVERAGE, _MOMENTS = "generator", "average", "_adam"


def write(folder: Path, tree: Mapping[str, Any], images: int, **counters: int) -> Path:
    """Write the file of a run; its path.

    Args:
        folder: of the exported model.
        tree: the run's: arrays, with the branches "generator", its moving "average", and "..._adam".
        images: how many it has seen.
        counters: whole numbers beside it.
    """
    kept = flatten({name: branch for name, branch in tree.items() if not _is_left_out(name)})
    counted = {name: np.asarray(value, np.int64) for name, value in {"images": images, **counters}.items()}
    safetensors_file.write(
        folder / FILE, {name: _shortened(np.asarray(value)) for name, value in kept.items()} | counted
    )
    return folder / FILE


def read(folder: Path, expected: Tree, total_images: int, *counters: str) -> tuple[Tree, dict[str, int]]:
    """The tree with which training goes on, and the counters by name.

    Args:
        folder: has the file.
        expected: the tree of a run before its first image; gives names and shapes, and Adam's moments.
        total_images: the length of the run that begins; it must be longer than that of the model.
        counters: their names beside "images".

    Raises:
        ValueError: the file is damaged, of a run of another shape, or has seen as many images.
    """
    arrays = safetensors_file.widened(safetensors_file.read(folder / FILE))
    counters = ("images", *counters)
    counted = {name: int(arrays.pop(name)) for name in counters if name in arrays and not arrays[name].shape}
    kept = {name: branch for name, branch in expected.items() if not _is_left_out(name)}
    saves.check_shapes(folder / FILE, arrays, flatten(kept))
    if missing := set(counters) - set(counted):
        raise ValueError(f"{folder / FILE} does not say its {min(missing)}")
    if (seen := counted["images"]) >= total_images:
        raise checks.mismatch("total_images", f"be above {seen}, as {folder} has seen so many", total_images)
    return started(expected, unflatten(arrays)), counted


def begin(
    folder: Path, expected: Tree, total_images: int, alone: Callable[[], Tree], **counters: int
) -> tuple[Tree, dict[str, int]]:
    """The tree and the counters of a run that begins with an exported model.

    Args:
        folder: of the model.
        expected: the tree of a run before its first image; gives names and shapes, and Adam's moments.
        total_images: the length of the run.
        alone: gives what is known where the model was exported without the file: "average", and maybe more branches.
        counters: their first values beside "images".

    Raises:
        ValueError: from `read`.
    """
    if (folder / FILE).exists():
        return read(folder, expected, total_images, *counters)
    return started(expected, alone()), {"images": 0, **counters}


def started(expected: Tree, found: Tree) -> Tree:
    """The tree of a run that begins with what was found: `expected`, but for that; the generator is its average."""
    return expected | found | {_GENERATOR: {name: value.copy() for name, value in found[_AVERAGE].items()}}


def _is_left_out(branch: str) -> bool:
    return branch == _GENERATOR or branch.endswith(_MOMENTS)


def _shortened(value: np.ndarray) -> np.ndarray:
    """Half precision where all numbers fit into it."""
    fits = value.dtype.kind == "f" and float(np.abs(value).max(initial=0.0)) <= _HIGHEST_HALF
    return value.astype(np.float16) if fits else value
