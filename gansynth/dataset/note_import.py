"""Folders of notes to make a dataset of: [name]_[pitch].wav files of one's own, or NSynth's examples.json + audio/."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.audio import sound_files
from core.audio.sound_files import BadFileError, OnBadFile, stop_at_bad
from core.audio.wav import FULL_SCALE
from core.progress import Progress
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels, Note, from_json, read_json
from gansynth.dataset.slicing import joined

EXAMPLES = "examples.json"
_NAME = re.compile(r"(.+)_(\d+)", re.DOTALL)


@dataclass(frozen=True)
class NoteFile:
    """A sound file that is to be a note of a dataset."""

    path: Path
    name: str
    labels: Labels


def find(in_dir: Path, labels: Mapping[str, Any] | None = None, report: OnBadFile = stop_at_bad) -> list[NoteFile]:
    """The notes in a folder, by name: NSynth's where there is an examples.json, else files named [name]_[pitch].

    Files in subfolders get the names of those in front: FOLDER-name_PITCH.

    Args:
        in_dir: the folder.
        labels: for one's own files, see `own_labels`; without them all are family 0, source 0, no qualities.
        report: is given each bad file; the search goes on without it if that does not raise.

    Raises:
        BadFileError: from `report`.
        FileNotFoundError: there is no such folder.
        ValueError: no notes are left, or examples.json or labels are damaged.
    """
    if (in_dir / EXAMPLES).exists():
        if labels:
            raise ValueError(f"{in_dir} has labels in {EXAMPLES}; others cannot be given")
        found = _nsynth(in_dir, report)
    else:
        found = _own(in_dir, own_labels(labels or {}), report)
    if not found:
        raise ValueError(f"{in_dir} holds no notes that can be used")
    return found


def _own(in_dir: Path, known: Mapping[str, Mapping[str, Any]], report: OnBadFile) -> list[NoteFile]:
    found: dict[str, NoteFile] = {}
    for path in sound_files.find(in_dir):
        name = joined(path.relative_to(in_dir))
        try:
            match = _NAME.fullmatch(name)
            if not match:
                raise BadFileError(f"{path} is not named [name]_[pitch], such as piano_60.wav")
            instrument, pitch = match[1], int(match[2])
            if name in found:
                raise BadFileError(f"{path} has the same name and pitch as {found[name].path}")
            if pitch > 127:
                raise BadFileError(f"{path} has pitch {pitch} in its name; it must be in 0..127")
            found[name] = NoteFile(path, name, Labels(instrument, pitch, **known.get(instrument, {})))
        except BadFileError as error:
            report(error)
    if missing := known.keys() - {note.labels.instrument for note in found.values()}:
        raise ValueError(f"there are labels for {min(missing)!r}, but no file of that name in {in_dir}")
    return list(found.values())


def own_labels(labels: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Labels in words as indices: {"violin": {"family": "string", "source": "acoustic", "qualities": ["bright"]}}.

    Raises:
        ValueError: a word is none of NSynth's; the message lists them.
    """
    known = {}
    for name, words in labels.items():
        if not isinstance(words, Mapping) or not words.keys() <= {"family", "source", "qualities"}:
            raise ValueError(f"labels of {name!r} may hold family, source and qualities, not {words!r}")
        qualities = words.get("qualities", [])
        if not isinstance(qualities, list):
            raise ValueError(f"qualities of {name!r} must be a list of words, not {qualities!r}")
        marked = {_index(name, "quality", QUALITIES, word) for word in qualities}
        known[name] = {
            "family": _index(name, "family", FAMILIES, words.get("family", FAMILIES[0])),
            "source": _index(name, "source", SOURCES, words.get("source", SOURCES[0])),
            "qualities": tuple(int(i in marked) for i in range(len(QUALITIES))),
        }
    return known


def _index(name: str, kind: str, words: Sequence[str], word: Any) -> int:
    if word not in words:
        raise ValueError(f"{kind} of {name!r} must be one of {' '.join(words)}, not {word!r}")
    return words.index(word)


def _nsynth(in_dir: Path, report: OnBadFile) -> list[NoteFile]:
    found = []
    for name, entry in sorted(read_json(in_dir / EXAMPLES).items()):
        path = in_dir / "audio" / f"{name}.wav"
        try:
            found.append(NoteFile(path, name, from_json(entry)))
        except ValueError as error:
            report(BadFileError(f"{path} has wrong labels in {EXAMPLES}: {error}"))
    return found


def check(
    files: Sequence[NoteFile],
    sample_rate: int,
    length: int,
    report: OnBadFile = stop_at_bad,
    progress: Progress | None = None,
) -> list[NoteFile]:
    """The files that will have the right length, judged by their headers, so that hours of work do not end in an error.

    Arguments and errors are those of `read`.
    """
    good = []
    for file in _counted(files, progress):
        try:
            _check_length(file.path, sound_files.length_at(file.path, sample_rate), sample_rate, length)
            good.append(file)
        except BadFileError as error:
            report(error)
    return good


def read(
    files: Sequence[NoteFile],
    sample_rate: int,
    length: int,
    report: OnBadFile = stop_at_bad,
    progress: Progress | None = None,
) -> Iterator[Note]:
    """The notes of these files, mono, at sample_rate, each of `length` samples; progress counts files.

    Raises:
        BadFileError: from `report`.
    """
    for file in _counted(files, progress):
        try:
            wave = sound_files.read(file.path, sample_rate)
            _check_length(file.path, len(wave), sample_rate, length)
        except BadFileError as error:
            report(error)
            continue
        yield Note(file.name, file.labels, stored(wave))


def _counted(files: Sequence[NoteFile], progress: Progress | None) -> Iterator[NoteFile]:
    for done, file in enumerate(files):
        if progress:
            progress(done, len(files))
        yield file
    if progress:
        progress(len(files), len(files))


def stored(wave: np.ndarray) -> np.ndarray:
    """Samples / 32768 as a dataset stores them, / 32767: exactly what the course's script makes of 16-bit files."""
    return (wave * (FULL_SCALE / np.float64(FULL_SCALE - 1))).astype(np.float32)


def _check_length(path: Path, samples: int, sample_rate: int, length: int) -> None:
    if samples != length:
        raise BadFileError(
            f"{path} is {samples} samples long at {sample_rate} Hz and must have {length}: "
            f"gansynth_{'chop' if samples > length else 'pad'}_audio makes notes of that length"
        )
