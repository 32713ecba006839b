"""Read folders of notes for a dataset: files named [name]_[pitch].wav, or NSynth's examples.json + audio/."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.audio import sound_files
from core.audio.sound_files import BadFileError, OnBadFile, stop_at_bad
from core.audio.wav import FULL_SCALE
from core.files import json_files
from core.progress import Progress
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels, Note, from_json
from gansynth.dataset.slicing import joined

EXAMPLES = "examples.json"
_NAME = re.compile(r"(.+)_(\d+)", re.DOTALL)


@dataclass(frozen=True)
class NoteFile:
    """A sound file to become a note of a dataset."""

    path: Path
    name: str
    labels: Labels


def find(in_dir: Path, labels: Mapping[str, Any] | None = None, on_bad: OnBadFile = stop_at_bad) -> list[NoteFile]:
    """The notes in a folder, by name: NSynth's where there is an examples.json, else files named [name]_[pitch].

    The names of files in subfolders begin with the folder: FOLDER-name_PITCH.

    Args:
        in_dir: the folder.
        labels: for files named [name]_[pitch], see `labels_from_words`; the default is family 0, source 0, no
            qualities.
        on_bad: called with each bad file; the search goes on without it unless this raises.

    Raises:
        BadFileError: from `on_bad`.
        FileNotFoundError: there is no such folder.
        ValueError: no notes are left, or examples.json or labels are damaged.
    """
    if (in_dir / EXAMPLES).exists():
        if labels:
            raise ValueError(f"{in_dir} has labels in {EXAMPLES}; others cannot be given")
        found = _nsynth(in_dir, on_bad)
    else:
        found = _named_files(in_dir, labels_from_words(labels or {}), on_bad)
    if not found:
        raise ValueError(f"{in_dir} has no usable notes")
    return found


def _named_files(in_dir: Path, known: Mapping[str, Mapping[str, Any]], on_bad: OnBadFile) -> list[NoteFile]:
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
                raise BadFileError(f"{path} has pitch {pitch} in its name, which must be in 0..127")
            found[name] = NoteFile(path, name, Labels(instrument, pitch, **known.get(instrument, {})))
        except BadFileError as error:
            on_bad(error)
    if missing := known.keys() - {note.labels.instrument for note in found.values()}:
        raise ValueError(f"there are labels for {min(missing)!r}, but no file of that name in {in_dir}")
    return list(found.values())


def labels_from_words(labels: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Read labels in words: {"violin": {"family": "string", "source": "acoustic", "qualities": ["bright"]}}.

    Raises:
        ValueError: a word is not one of NSynth's; the message lists them.
    """
    known = {}
    for name, words in labels.items():
        if not isinstance(words, Mapping) or not words.keys() <= {"family", "source", "qualities"}:
            raise ValueError(f"labels of {name!r} may hold family, source and qualities, not {words!r}")
        qualities = words.get("qualities", [])
        if not isinstance(qualities, list):
            raise checks.mismatch(f"qualities of {name!r}", "be a list of words", qualities)
        marked = {_index(name, "quality", QUALITIES, word) for word in qualities}
        known[name] = {
            "family": _index(name, "family", FAMILIES, words.get("family", FAMILIES[0])),
            "source": _index(name, "source", SOURCES, words.get("source", SOURCES[0])),
            "qualities": tuple(int(i in marked) for i in range(len(QUALITIES))),
        }
    return known


def _index(name: str, kind: str, words: Sequence[str], word: Any) -> int:
    return words.index(checks.one_of(f"{kind} of {name!r}", word, words))


def _nsynth(in_dir: Path, on_bad: OnBadFile) -> list[NoteFile]:
    found = []
    for name, entry in sorted(json_files.read_object(in_dir / EXAMPLES).items()):
        path = in_dir / "audio" / f"{name}.wav"
        try:
            found.append(NoteFile(path, name, from_json(entry)))
        except ValueError as error:
            on_bad(BadFileError(f"{path} has wrong labels in {EXAMPLES}: {error}"))
    return found


def check(
    files: Sequence[NoteFile],
    sample_rate: int,
    length: int,
    on_bad: OnBadFile = stop_at_bad,
    progress: Progress | None = None,
) -> list[NoteFile]:
    """The files whose headers promise the right length, so that hours of work do not end in an error.

    Arguments and errors are those of `read`.
    """
    good = []
    for file in _counted(files, progress):
        try:
            _check_length(file.path, sound_files.length_at(file.path, sample_rate), sample_rate, length)
            good.append(file)
        except BadFileError as error:
            on_bad(error)
    return good


def read(
    files: Sequence[NoteFile],
    sample_rate: int,
    length: int,
    on_bad: OnBadFile = stop_at_bad,
    progress: Progress | None = None,
) -> Iterator[Note]:
    """Read the notes of these files, mono, at sample_rate, each of `length` samples; progress counts files.

    Raises:
        BadFileError: from `on_bad`.
    """
    for file in _counted(files, progress):
        try:
            wave = sound_files.read(file.path, sample_rate)
            _check_length(file.path, len(wave), sample_rate, length)
        except BadFileError as error:
            on_bad(error)
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
    """Samples / 32768 as a dataset stores them, / 32767: exactly as the course's script stores 16-bit files."""
    return (wave * (FULL_SCALE / np.float64(FULL_SCALE - 1))).astype(np.float32)


def _check_length(path: Path, samples: int, sample_rate: int, length: int) -> None:
    if samples != length:
        raise BadFileError(
            f"{path} is {samples} samples long at {sample_rate} Hz and must have {length}: "
            f"gansynth_{'chop' if samples > length else 'pad'}_audio makes notes of that length"
        )
