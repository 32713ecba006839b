"""A dataset of paired clips on disk: features of frames, spectrograms and sound, of training and of held-out clips.

| file | what |
|---|---|
| `dataset.json` | what all clips share, names of classes |
| `train/`, `held_out/` | the clips, as the arrays below |
| `features.npy` | float16 [n, moments, depth] |
| `mels.npy` | float16 [n, mels, frames] |
| `waves.npy` | int16 [n, samples] |
| `labels.npy` | int32 [n]: the class of each sound |
| `asked.npy` | bool [n]: whether that class was asked for; otherwise it follows from the pictures |
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from core import checks
from core.files import json_files
from core.files.atomic import new_folder
from core.formats import npz

FILE, FORMAT, VERSION = "dataset.json", "hallu-foley-dataset", 1
TRAIN, HELD_OUT = "train", "held_out"
_TYPES = {"features": np.float16, "mels": np.float16, "waves": np.int16, "labels": np.int32,
          "asked": np.bool_}  # fmt: skip
_FULL = 32767


@dataclass(frozen=True)
class ClipFormat:
    """What all clips of a dataset share.

    Attributes:
        sample_rate: in Hz.
        frames: columns of a spectrogram.
        hop: samples from one column to the next.
        mels: bands of a spectrogram.
        moments: frames of the film that features are measured of.
        depth: numbers of a moment.
        features: their name.
        classes: names of the classes that labels count.
    """

    sample_rate: int
    frames: int
    hop: int
    mels: int
    moments: int
    depth: int
    features: str
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("sample_rate", "frames", "hop", "mels", "moments", "depth"):
            checks.whole(name, getattr(self, name), 1, 2**20)

    @property
    def samples(self) -> int:
        """Of a clip."""
        return self.frames * self.hop

    @property
    def seconds(self) -> float:
        """Of a clip."""
        return self.samples / self.sample_rate

    @property
    def rate(self) -> float:
        """Moments in a second."""
        return self.moments / self.seconds


class Entry(NamedTuple):
    """A clip: features [moments, depth], mel [mels, frames] in 0..1, wave [samples] in -1..1; class; see the module."""

    features: np.ndarray
    mel: np.ndarray
    wave: np.ndarray
    label: int
    asked: bool


@dataclass(frozen=True)
class ClipSet:
    """The clips of a part of a dataset, read from the disk as they are used; see the module for their arrays."""

    features: np.ndarray
    mels: np.ndarray
    waves: np.ndarray
    labels: np.ndarray
    asked: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def wave(self, row: int) -> np.ndarray:
        """The sound of a clip, float32 [samples]."""
        return np.asarray(self.waves[row], np.float32) / _FULL


class ClipWriter:
    """Writes the clips of a dataset into a folder."""

    def __init__(self, folder: Path, form: ClipFormat, extra: Mapping[str, Any]) -> None:
        self.folder, self._form = folder, form
        described = {"format": FORMAT, "version": VERSION, **asdict(form), **extra}
        (folder / FILE).write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")

    def write(self, part: str, entries: Iterable[Entry], count: int) -> int:
        """Write a part of at most `count` clips, one by one; how many there were.

        Raises:
            ValueError: a clip has another shape.
        """
        form, place = self._form, self.folder / part
        place.mkdir()
        shapes = {"features": (form.moments, form.depth), "mels": (form.mels, form.frames), "waves": (form.samples,),
                  "labels": (), "asked": ()}  # fmt: skip
        names = {name: place / f"{name}.npy" for name in shapes}
        arrays = {
            name: np.lib.format.open_memmap(names[name], "w+", _TYPES[name], (count, *shape))
            for name, shape in shapes.items()
        }
        done = 0
        for done, entry in enumerate(entries, 1):
            wave = np.round(np.clip(entry.wave, -1, 1) * _FULL)
            for name, value in zip(shapes, (entry.features, entry.mel, wave, entry.label, entry.asked), strict=True):
                arrays[name][done - 1] = checks.shape(name, np.asarray(value), shapes[name])
        for name, array in arrays.items():
            array.flush()
            if done < count:
                np.save(names[name], np.array(array[:done]))
        return done


@contextmanager
def writing(folder: Path, form: ClipFormat, **extra: Any) -> Iterator[ClipWriter]:
    """Yield a writer of a new dataset, which is there when the block ends without an error.

    Raises:
        FileExistsError: `folder` exists and is not empty.
    """
    with new_folder(folder) as part:
        yield ClipWriter(part, form, extra)


def read_format(folder: Path) -> ClipFormat:
    """What all clips of a dataset share.

    Raises:
        FileNotFoundError: the folder is not a dataset.
        ValueError: its dataset.json breaks a rule.
    """
    path = folder / FILE
    if not path.exists():
        raise FileNotFoundError(f"{folder} is not a dataset of clips: it has no {FILE}; specvqgan_dataset makes one")
    values = json_files.read_object(path)
    try:
        checks.one_of("format", values.get("format"), (FORMAT,))
        checks.one_of("version", values.get("version"), (VERSION,))
        return ClipFormat(**{name: _typed(name, values.get(name), kind) for name, kind in _KINDS.items()})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read(folder: Path, part: str) -> ClipSet:
    """The clips of a part of a dataset.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged or does not fit the others.
    """
    form = read_format(folder)
    shapes = {"features": ("n", form.moments, form.depth), "mels": ("n", form.mels, form.frames),
              "waves": ("n", form.samples), "labels": ("n",), "asked": ("n",)}  # fmt: skip
    arrays = {name: _array(folder / part / f"{name}.npy", _TYPES[name], shape) for name, shape in shapes.items()}
    counts = {len(array) for array in arrays.values()}
    if len(counts) != 1 or not counts.pop():
        raise ValueError(f"{folder / part}: its arrays must have as many clips each, at least one")
    labels = arrays["labels"]
    if labels.min() < 0 or labels.max() >= len(form.classes):
        raise ValueError(f"{folder / part / 'labels.npy'}: labels must be in 0..{len(form.classes) - 1}")
    return ClipSet(**arrays)


_KINDS = get_type_hints(ClipFormat)


def _typed(name: str, value: Any, kind: Any) -> Any:
    if kind in (int, str):
        return checks.of_kind(name, value, kind)
    if not isinstance(value, list) or not value:
        raise checks.mismatch(name, "be a list of names", value)
    return tuple(checks.of_kind(name, each, str) for each in value)


def _array(path: Path, dtype: Any, shape: tuple[Any, ...]) -> np.ndarray:
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing")
    try:
        array = npz.map_npy(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if array.dtype != dtype:
        raise checks.mismatch(str(path), f"have numbers of type {np.dtype(dtype)}", array.dtype)
    checks.shape(str(path), array, shape)
    return np.asarray(array)
