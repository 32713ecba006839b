"""A folder of checkpoints: model.ckpt-N.index and .data-00000-of-00001 each, and `checkpoint`, which names the latest.

A save for playing alone may also be a single file, model.ckpt-N.safetensors.

A checkpoint is complete or does not count, here and for TensorFlow, whenever the writer is killed: the data are written
before the index that refers to them, and both before `checkpoint` names them.
"""

import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.files.atomic import new_folder, write_text
from core.formats import safetensors_file, tensor_bundle
from core.formats.tensor_bundle import INDEX

NAME, POINTER = "model.ckpt", "checkpoint"
GRAPH = ".meta"
_PART = ".part"


def write(folder: Path, number: int, tensors: Mapping[str, np.ndarray]) -> Path:
    """Write arrays by name as `folder`/model.ckpt-`number`; a save of that number is replaced.

    Returns:
        The prefix of the save.
    """
    prefix = folder / f"{NAME}-{number}"
    if not folder.exists():
        # Magenta plays from the last folder, even an empty one: it has to come with its first save in it.
        for left in folder.parent.glob(f".{folder.name}-*{_PART}"):
            shutil.rmtree(left)
        with new_folder(folder) as part:
            _put(part / prefix.name, tensors)
        return prefix
    spare = folder / f"{NAME}-0{number}"
    if prefix.with_name(prefix.name + INDEX).exists():
        # Two files cannot change at once, so a save under another spelling of the number replaces this one meanwhile.
        _put(spare, tensors)
        remove(prefix)
    _put(prefix, tensors)
    remove(spare)
    return prefix


def saves(folder: Path) -> dict[int, Path]:
    """The complete saves in a folder: number -> prefix, ascending as numbers (10346312 is later than 9912344)."""
    found = {
        number_of(path): path.with_suffix("")
        for path in folder.glob(f"{NAME}-*{safetensors_file.SUFFIX}")
        if re.fullmatch(rf"{re.escape(NAME)}-\d+", path.stem)
    }
    # Of two spellings of a number the shorter one counts: the other one may be incomplete.
    for index in sorted(folder.glob(f"{NAME}-*{INDEX}"), key=lambda path: -len(path.name)):
        prefix = index.with_suffix("")
        if re.fullmatch(rf"{re.escape(NAME)}-\d+", prefix.name) and any(folder.glob(f"{prefix.name}.data-*-of-*")):
            found[number_of(prefix)] = prefix
    return dict(sorted(found.items()))


def number_of(prefix: Path) -> int:
    """The number of a save."""
    return int(prefix.name.removesuffix(safetensors_file.SUFFIX).rpartition("-")[2])


def single(prefix: Path) -> Path | None:
    """The file of a save that is a single one; None where there are an index and data, which count first."""
    path = prefix.with_name(prefix.name + safetensors_file.SUFFIX)
    return path if path.is_file() and not prefix.with_name(prefix.name + INDEX).exists() else None


def write_single(folder: Path, number: int, tensors: Mapping[str, np.ndarray]) -> Path:
    """Write arrays by name as a single file, `folder`/model.ckpt-`number`.safetensors; the prefix of the save."""
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / f"{NAME}-{number}"
    safetensors_file.write(prefix.with_name(prefix.name + safetensors_file.SUFFIX), tensors)
    return prefix


def files(prefix: Path) -> list[Path]:
    """The files of a save, the index first; Magenta leaves a .meta with its graph too."""
    return sorted(prefix.parent.glob(f"{prefix.name}.*"), key=lambda path: (path.suffix != INDEX, path.name))


def remove(prefix: Path) -> None:
    """Delete a save, its index first: without it, what is left does not count as a save."""
    for path in files(prefix):
        path.unlink()


def point(prefix: Path) -> None:
    """Name this save in `checkpoint`, where TensorFlow looks for the latest one, by a relative path."""
    write_text(prefix.parent / POINTER, f'model_checkpoint_path: "{prefix.name}"\n')


def _put(prefix: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Write a save under a new name."""
    for left in (*prefix.parent.glob(f".{prefix.name}{_PART}"), *prefix.parent.glob(f".{prefix.name}-*{_PART}")):
        shutil.rmtree(left, ignore_errors=True)
    scratch = prefix.parent / f".{prefix.name}-{secrets.token_hex(4)}{_PART}"
    scratch.mkdir()
    try:
        tensor_bundle.write(scratch / prefix.name, tensors)
        for path in reversed(files(scratch / prefix.name)):
            path.replace(prefix.parent / path.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    point(prefix)
