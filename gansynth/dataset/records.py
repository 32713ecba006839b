"""Datasets of labelled notes: data.tfrecord and meta.json, as Magenta reads them and the course's script wrote them.

Each record holds audio (float32 [samples], 16-bit values / 32767), pitch, instrument_source and instrument_family
(int64 [1] each) and qualities (int64 [10]). meta.json has the same labels by note name, in the order of the records.
The labels are those of NSynth (Engel et al. 2017).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.files import atomic, json_files
from core.formats import tfrecord

FILES = RECORDS, META = "data.tfrecord", "meta.json"
SOURCES = ("acoustic", "electronic", "synthetic")
FAMILIES = (
    "bass",
    "brass",
    "flute",
    "guitar",
    "keyboard",
    "mallet",
    "organ",
    "reed",
    "string",
    "synth_lead",
    "vocal",
)
QUALITIES = (
    "bright",
    "dark",
    "distortion",
    "fast_decay",
    "long_release",
    "multiphonic",
    "nonlinear_env",
    "percussive",
    "reverb",
    "tempo_synced",
)
NO_QUALITIES = (0,) * len(QUALITIES)


@dataclass(frozen=True)
class Labels:
    """Labels of a note: pitch as a MIDI number, indices into SOURCES and FAMILIES, 0 or 1 per quality.

    Raises:
        ValueError: one of them is out of range.
    """

    instrument: str
    pitch: int
    source: int = 0
    family: int = 0
    qualities: tuple[int, ...] = NO_QUALITIES

    def __post_init__(self) -> None:
        for name, size in (("pitch", 128), ("source", len(SOURCES)), ("family", len(FAMILIES))):
            value = getattr(self, name)
            if not isinstance(value, int):
                raise checks.mismatch(name, "be a whole number", value)
            checks.in_range(name, value, 0, size - 1)
        if len(self.qualities) != len(QUALITIES) or not set(self.qualities) <= {0, 1}:
            raise checks.mismatch("qualities", f"be {len(QUALITIES)} values of 0 or 1", list(self.qualities))


@dataclass(frozen=True, eq=False)
class Note:
    """One note of a dataset: its name in meta.json, its labels, its stored audio, float32 [samples]."""

    name: str
    labels: Labels
    audio: np.ndarray


def refuse_existing(folder: Path) -> None:
    """Refuse a folder that `write` would refuse, before long work.

    Raises:
        FileExistsError: the folder has a dataset.
    """
    atomic.refuse_existing(folder, FILES)


def write(folder: Path, notes: Iterable[Note]) -> int:
    """Write a dataset into a folder, which is created if needed: both files or neither. Returns the number of notes.

    Raises:
        FileExistsError: the folder has a dataset.
        ValueError: there are no notes, two have the same name, or their lengths differ.
    """
    with atomic.new_files(folder, FILES) as (records, meta):
        labels = _write_records(records, notes)
        if not labels:
            raise ValueError("a dataset needs at least one note")
        text = json.dumps({name: to_json(known) for name, known in labels.items()}, indent=4)
        meta.write_text(text, encoding="utf-8")
    return len(labels)


def _write_records(path: Path, notes: Iterable[Note]) -> dict[str, Labels]:
    labels: dict[str, Labels] = {}
    length = None
    with path.open("wb") as file:
        for note in notes:
            length = length or len(note.audio)
            if note.name in labels:
                raise ValueError(f"two notes are named {note.name!r}")
            if len(note.audio) != length:
                raise ValueError(f"{note.name} has {len(note.audio)} samples; the notes before have {length}")
            labels[note.name] = note.labels
            tfrecord.write(file, _to_example(note))
    return labels


def _to_example(note: Note) -> bytes:
    known = note.labels
    features = {
        "pitch": np.array([known.pitch]),
        "audio": note.audio.astype(np.float32),
        "qualities": np.array(known.qualities),
        "instrument_source": np.array([known.source]),
        "instrument_family": np.array([known.family]),
    }
    return tfrecord.encode_example(features)


def to_json(labels: Labels) -> dict[str, Any]:
    """Labels as an entry of meta.json."""
    return {
        "instrument_str": labels.instrument,
        "pitch": labels.pitch,
        "instrument_source": labels.source,
        "instrument_family": labels.family,
        "qualities": list(labels.qualities),
    }


def from_json(entry: dict[str, Any]) -> Labels:
    """Read the labels in an entry of meta.json, or of NSynth's examples.json.

    Raises:
        ValueError: one is missing or out of range.
    """
    try:
        return Labels(
            str(entry["instrument_str"]),
            entry["pitch"],
            entry["instrument_source"],
            entry["instrument_family"],
            tuple(entry["qualities"]),
        )
    except KeyError as error:
        raise ValueError(f"{error} is missing") from None
    except TypeError as error:
        raise ValueError(f"its labels are of the wrong type: {error}") from None


def read_labels(folder: Path) -> dict[str, Labels]:
    """Read the labels in meta.json by note name, in the order of the records.

    Raises:
        FileNotFoundError: there is no meta.json.
        ValueError: it is damaged, or a label is missing or out of range.
    """
    return {name: _named(folder / META, name, entry) for name, entry in json_files.read_object(folder / META).items()}


def _named(path: Path, name: str, entry: Any) -> Labels:
    try:
        return from_json(entry)
    except ValueError as error:
        raise ValueError(f"{path}: {name}: {error}") from None


def read(folder: Path) -> Iterator[Note]:
    """Read the notes of a dataset, one by one, in the order of the records; audio is float32 [samples], as stored.

    Labels come from the records; names and instruments from meta.json, whose entries are in the same order.

    Raises:
        FileNotFoundError: one of the two files is missing.
        ValueError: a file is damaged, or the two do not belong together.
    """
    path = folder / RECORDS
    labels = read_labels(folder)
    names = iter(labels.items())
    for record in tfrecord.read(path):
        name, known = next(names, ("", None))
        note = _from_example(record, path, name, known.instrument if known else "")
        if note.labels != known:
            raise ValueError(f"{path} and {folder / META} do not list the same notes: {name or 'one too many'}")
        yield note
    if left := [name for name, _ in names]:
        raise ValueError(f"{path} ends before {left[0]}, which {folder / META} lists")


def _from_example(record: bytes, path: Path, name: str, instrument: str) -> Note:
    try:
        features = tfrecord.decode_example(record)
        pitch, source, family = (
            _whole_numbers(features, key, 1)[0] for key in ("pitch", "instrument_source", "instrument_family")
        )
        qualities = _whole_numbers(features, "qualities", len(QUALITIES))
        audio = np.asarray(features.get("audio", []), np.float32)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    return Note(name, Labels(instrument, pitch, source, family, tuple(qualities)), audio)


def _whole_numbers(features: Mapping[str, Any], key: str, count: int) -> list[int]:
    values = np.asarray(features.get(key, []))
    if values.dtype.kind != "i" or len(values) != count:
        raise ValueError(f"{key} must be {count} whole number{'s' * (count > 1)}")
    return [int(value) for value in values]
