"""A trained network's folder: its settings and its weights, in the original's formats and in ours.

| what | files |
|---|---|
| a run of PyTorch Lightning | `checkpoints/{last,epoch_N}.ckpt`, `configs/*-project.yaml` and `*-lightning.yaml` |
| folder of MelGAN | `best_netG.pt`, `args.yml` |
| ours | `config.json`, `weights.safetensors`: float32 or float16, under the original's names and in its layout |

Nothing of a file is executed. Settings of several YAML files are merged in the order of their names; the last one wins,
key by key.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core import checks
from core.files import json_files
from core.files.atomic import new_folder
from core.files.regular import sha256
from core.formats import safetensors_file, torch_file, yaml_file

CONFIG, WEIGHTS = "config.json", "weights.safetensors"
GENERATOR, ARGS = "best_netG.pt", "args.yml"
CHECKPOINTS, CONFIGS = "checkpoints", "configs"
CONTENTS = f"{CONFIG} and {WEIGHTS}, or {CHECKPOINTS}/*.ckpt and {CONFIGS}/*-project.yaml, or {GENERATOR} and {ARGS}"
# Entries of a checkpoint that hold a state dict, by the programs that write them: Lightning, and the classifiers.
_STATES = ("state_dict", "model")
_LAST = "last"
ConfigT = TypeVar("ConfigT")


@dataclass(frozen=True)
class Run:
    """What a folder holds.

    Attributes:
        path: of the file with the weights.
        config: the settings, as the files nest them: {"model": {"target": ..., "params": {...}}, "data": ...} of a
            Lightning run; what config.json or args.yml has, of the others.
        weights: arrays by the original's names, in its layout.
    """

    path: Path
    config: dict[str, Any]
    weights: dict[str, np.ndarray]


def read(place: Path) -> Run:
    """Read a folder, or one checkpoint of a run folder.

    Raises:
        FileNotFoundError: there is none, or a file of it is missing.
        ValueError: a file is damaged; the message names it.
    """
    path = locate(place)
    return Run(path, _config(path), read_weights(path))


def load(
    place: Path,
    from_run: Callable[[Mapping[str, Any]], ConfigT],
    from_original: Callable[[Mapping[str, np.ndarray], ConfigT], dict[str, np.ndarray]],
) -> tuple[ConfigT, dict[str, np.ndarray]]:
    """What a folder holds, as a network takes it: its settings by `from_run`, its arrays by `from_original`.

    Raises:
        FileNotFoundError: see `read`.
        ValueError: a file is damaged, or is another network's; the message names it.
    """
    run = read(place)
    try:
        config = from_run(run.config)
        return config, from_original(run.weights, config)
    except ValueError as error:
        raise ValueError(f"{run.path}: {error}") from None


def read_config(place: Path) -> dict[str, Any]:
    """Read the settings alone; see `read`."""
    return _config(locate(place))


def is_run(place: Path) -> bool:
    """Whether there is something to read; reads nothing."""
    try:
        locate(place)
    except OSError:
        return False
    return True


def locate(place: Path) -> Path:
    """The file with the weights that a path means: itself, or the newest one in a folder.

    Of the checkpoints of a run, `last` is the newest; then the highest number counts, however it is spelled.

    Raises:
        FileNotFoundError: there is none.
    """
    if place.is_file() and place.suffix in (".ckpt", ".pt", ".pth", safetensors_file.SUFFIX):
        return place
    for name in (WEIGHTS, GENERATOR):
        if (place / name).is_file():
            return place / name
    found = [path for path in (place / CHECKPOINTS).glob("*.ckpt") if path.is_file()]
    if not found:
        raise FileNotFoundError(f"{place} is not a trained network of this kind; its folder has {CONTENTS}")
    return max(found, key=_age)


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """The arrays of one file: .safetensors, or what torch has saved (.ckpt, .pt, .pth), a state dict or one within.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is damaged, holds no state dict, or its arrays share their numbers.
    """
    if path.suffix == safetensors_file.SUFFIX:
        return safetensors_file.widened(safetensors_file.read(path))
    entries = torch_file.read_checkpoint(path, _STATES)
    found = next((entries[name] for name in _STATES if isinstance(entries.get(name), dict)), None)
    arrays = torch_file.read(path) if found is None else found
    if sum(array.nbytes for array in arrays.values()) > path.stat().st_size:
        raise ValueError(f"{path}: its tensors have more numbers than the file")
    return arrays


def write(
    folder: Path, config: Mapping[str, Any], weights: Mapping[str, np.ndarray], *, dtype: str = "float32"
) -> None:
    """Write a folder of ours: there complete or not at all.

    Args:
        folder: new, or empty.
        config: what config.json is to have.
        weights: arrays by the original's names, in its layout.
        dtype: of the arrays in the file: float32, or float16, which is half as long.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: a number is too large for float16, or there is no such dtype.
    """
    checks.one_of("the arrays' type", dtype, ("float16", "float32"))
    arrays = safetensors_file.halved(weights) if dtype == "float16" else weights
    with new_folder(folder) as part:
        (part / CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
        safetensors_file.write(part / WEIGHTS, arrays)


def checksum(place: Path) -> str:
    """The SHA-256 of the file with the weights, hexadecimal.

    Raises:
        FileNotFoundError: there is none.
    """
    return sha256(locate(place))


def merge(first: Any, second: Any) -> Any:
    """Two values of settings as one: mappings key by key, everything else from the second."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return second
    return {**first, **{key: merge(first.get(key), value) for key, value in second.items()}}


def _config(path: Path) -> dict[str, Any]:
    """The settings beside a file with weights."""
    folder = path.parent
    if path.name == WEIGHTS:
        return json_files.read_object(folder / CONFIG)
    if (folder / ARGS).is_file():
        return yaml_file.read_object(folder / ARGS)
    if folder.name != CHECKPOINTS:
        raise FileNotFoundError(f"{path} has no settings beside it: neither {ARGS} nor a run folder around it")
    found: Any = {}
    for kind in ("project", "lightning"):
        files = sorted((folder.parent / CONFIGS).glob(f"*{kind}.yaml"))
        if not files and kind == "project":
            raise FileNotFoundError(f"there is no *-project.yaml in {folder.parent / CONFIGS}")
        for file in files:
            found = merge(found, yaml_file.read_object(file))
    return dict(found)


def _age(path: Path) -> tuple[bool, int, str]:
    """The place of a checkpoint among those of a run."""
    numbers = re.findall(r"\d{1,18}", path.stem)
    return path.stem == _LAST, int(numbers[-1]) if numbers else -1, path.name
