"""Where a generator is in a folder, and which format it has: ours, NVIDIA's two, rosinality's, AIART's."""

import functools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import checks
from core.commands.table import COMMANDS
from core.files import json_files
from core.files.regular import open_regular, sha256
from core.formats import object_pickle
from renderer import own_format as renderer_format
from renderer.stylegan2 import weights
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import ada_pickle, aiart, classes, nvidia_pickle, own_format, rosinality
from renderer.stylegan2.weights import AVERAGE, Arrays

Found = tuple[StyleGan2Config, Arrays]
_HEAD = 2**20
# How a model is played where nobody says how.
LIVE = "live.json"


@dataclass(frozen=True)
class Kind:
    """A format: the pattern of its files, words of which one is in a file's first megabyte, and its reader."""

    pattern: str
    words: tuple[bytes, ...]
    read: Callable[[Path], Found]


def _read_own(path: Path) -> Found:
    return own_format.read_config(path.parent), own_format.read_arrays(path.parent)


def _read_pickle(path: Path) -> Found:
    with open_regular(path) as file:
        data = file.read(os.fstat(file.fileno()).st_size)
    try:
        value = object_pickle.loads(data)
    except Exception as error:  # a broken pickle can raise any
        raise ValueError(f"{path} cannot be read as a pickle: {error}") from None
    try:
        return ada_pickle.read(value) if ada_pickle.is_checkpoint(value) else nvidia_pickle.read(value)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as a StyleGAN2: {error}") from None


_KINDS = (
    Kind(own_format.WEIGHTS, (b"mapping.fc0.weight",), _read_own),
    Kind("*.pkl", (b"dnnlib", b"torch_utils.persistence"), _read_pickle),
    Kind("*.pt", (b"style.1.weight",), rosinality.read),
    Kind("*.index", (b"mapping_net",), aiart.read),
)
CONTENTS = (
    f"{own_format.CONFIG} and {own_format.WEIGHTS}, or a .pkl of NVIDIA's programs, a .pt of rosinality's, or a "
    "checkpoint of AIART's"
)


def locate(place: Path) -> Path:
    """The file with the weights, or with their index, that a path means: itself, or the latest one in a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    if (found := _find(place)) is None:
        raise FileNotFoundError(f"{place} is not a StyleGAN2; one has {CONTENTS}")
    return found[0]


def is_model(folder: Path) -> bool:
    """Whether a folder has the files of one of the formats."""
    try:
        return folder.is_dir() and _find(folder) is not None
    except OSError:
        return False


def read(place: Path) -> Found:
    """Read a generator: its config, and all arrays that it needs, float32.

    Raises:
        FileNotFoundError: there is none, or a file of it is missing.
        ValueError: a file is damaged or breaks a rule; the message names it.
    """
    if (found := _find(place)) is None:
        raise FileNotFoundError(f"{place} is not a StyleGAN2; one has {CONTENTS}")
    path, kind = found
    config, arrays = kind.read(path)
    try:
        if AVERAGE not in arrays:
            average = np.zeros(config.w_size, np.float32)
            arrays = weights.complete({**arrays, AVERAGE: average}, config)
            arrays[AVERAGE] = classes.average(config, arrays, np.zeros(config.num_classes, np.float32))
        return config, weights.complete(arrays, config)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_config(place: Path) -> StyleGan2Config:
    """The architecture of a generator. Only ours is in a small file; others are read whole, once.

    Raises:
        FileNotFoundError: there is none, or a file of it is missing.
        ValueError: a file is damaged or breaks a rule; the message names it.
    """
    path = locate(place)
    if path.name == own_format.WEIGHTS:
        return own_format.read_config(path.parent)
    state = path.stat()
    return _remembered_config(path.resolve(), state.st_mtime_ns, state.st_size)


def class_names(place: Path, config: StyleGan2Config) -> tuple[str, ...]:
    """The names of the labels: those in classes.json beside the weights, or numbers.

    Raises:
        ValueError: classes.json breaks a rule.
    """
    return renderer_format.class_names(locate(place).with_name(own_format.CLASSES), config.num_classes)


def usual_noise(place: Path) -> tuple[float, float]:
    """How a model is played where nobody says how: how much noise, and how fast it turns, in turns a second.

    They are in live.json beside the weights, as {"noise": 0.7, "noise_speed": 0.05}; else the noise that the model was
    trained with stands still.

    Raises:
        ValueError: live.json breaks a rule.
    """
    path, command = locate(place).with_name(LIVE), COMMANDS["/image/noise"]
    given = json_files.read_object(path) if path.is_file() else {}
    for name in given:
        checks.one_of(f"a name in {path}", name, ("noise", "noise_speed"))
    amount, speed = command.arg("amount"), command.arg("speed")
    return (
        checks.in_range(f"noise in {path}", given.get("noise", 1.0), amount.low, amount.high),
        checks.in_range(f"noise_speed in {path}", given.get("noise_speed", 0.0), speed.low, speed.high),
    )


def checksum(place: Path) -> str:
    """The SHA-256 of the file with the weights, or of their index, which has a checksum of each; hexadecimal.

    Raises:
        FileNotFoundError: there is none.
    """
    return sha256(locate(place))


@functools.lru_cache(64)
def _remembered_config(path: Path, changed_ns: int, size: int) -> StyleGan2Config:
    return read(path)[0]


def _find(place: Path) -> tuple[Path, Kind] | None:
    for kind in _KINDS:
        if place.is_dir():
            files = sorted(place.glob(kind.pattern), key=_numbers, reverse=True)
        else:
            files = [path for path in (place, place.with_name(place.name + ".index")) if path.match(kind.pattern)]
        for path in filter(Path.is_file, files):
            lacks_config = kind.read is _read_own and not path.with_name(own_format.CONFIG).is_file()
            if not lacks_config and any(word in _head(path) for word in kind.words):
                return path, kind
    return None


def _numbers(path: Path) -> tuple[list[int], str]:
    """The numbers in a file's name, and the name: of a run's snapshots, the last one is the latest."""
    return [int(number) for number in re.findall(r"\d{1,18}", path.stem)], path.name


def _head(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(_HEAD)
    except (OSError, ValueError):
        return b""
