"""Read folders of notes for a dataset: NSynth's examples.json + audio/, files named [name]_[pitch].wav, or libraries.

Libraries have a notes.json, or names with more parts; see gansynth/dataset/named_notes.py.
"""

import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.audio import sound_files
from core.audio.sound_files import BadFileError, OnBadFile, stop_at_bad
from core.audio.wav import FULL_SCALE
from core.files import json_files
from core.progress import Progress
from core.text import shortened
from gansynth.dataset import named_notes
from gansynth.dataset.named_notes import NoteName
from gansynth.dataset.qualities import measured_qualities
from gansynth.dataset.records import FAMILIES, QUALITIES, SOURCES, Labels, Note, from_json
from gansynth.dataset.slicing import joined

log = logging.getLogger(__name__)
EXAMPLES = "examples.json"
# The end of a note that is cut fades out.
FADE_S = 0.02
_NAME = re.compile(r"(.+)_(\d+)", re.DOTALL)


@dataclass(frozen=True)
class NoteFile:
    """A sound file to become a note of a dataset; `measured`: its qualities are those that are measured in it."""

    path: Path
    name: str
    labels: Labels
    measured: bool = False


def find(
    in_dir: Path,
    labels: Mapping[str, Any] | None = None,
    on_bad: OnBadFile = stop_at_bad,
    parts: Sequence[str] | None = None,
) -> list[NoteFile]:
    """The notes in a folder, by name: NSynth's where there is an examples.json, else a library's, else [name]_[pitch].

    The names of files in subfolders begin with the folder: FOLDER-name_PITCH.

    Args:
        in_dir: the folder.
        labels: by the name, or the instrument of a library, see `labels_from_words`; the default is source 0, no
            qualities, and family 0, or in a library the instrument's own.
        parts: of the file names of a library, from `named_notes.parse_pattern`; None: it has a notes.json, or files are
            named [name]_[pitch].
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
    elif parts or (in_dir / named_notes.NOTES).exists():
        found = _library(in_dir, labels_from_words(labels or {}), parts, on_bad)
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


def _library(
    in_dir: Path, known: Mapping[str, Mapping[str, Any]], parts: Sequence[str] | None, on_bad: OnBadFile
) -> list[NoteFile]:
    """The notes of a library; their names end in the pitch, as all names of a dataset."""
    found: dict[str, NoteFile] = {}
    named = list(_names(in_dir, parts, on_bad))
    for path, said in named:
        family = named_notes.family_of(said.instrument)
        labels: dict[str, Any] = {"family": FAMILIES.index(family)} if family else {}
        given = known.get(said.instrument, {})
        # Two takes of a note have names of their own.
        name = f"{path.stem}_{said.pitch}"
        if name in found:
            on_bad(BadFileError(f"{path} has the same name as {found[name].path}"))
            continue
        found[name] = NoteFile(
            path, name, Labels(said.group, said.pitch, **(labels | dict(given))), "qualities" not in given
        )
    if missing := known.keys() - {said.instrument for _, said in named}:
        raise ValueError(f"there are labels for {min(missing)!r}, but no such instrument in {in_dir}")
    _warn_of_unknown({said.instrument for _, said in named} - known.keys())
    return list(found.values())


def _names(in_dir: Path, parts: Sequence[str] | None, on_bad: OnBadFile) -> Iterator[tuple[Path, NoteName]]:
    """The sound files of a library and what is said of them, by name."""
    entries = None if parts else named_notes.read_notes(in_dir)
    for path in sound_files.find(in_dir):
        try:
            yield path, _name(path, entries, parts)
        except BadFileError as error:
            on_bad(error)


def _name(path: Path, entries: Mapping[str, NoteName | str] | None, parts: Sequence[str] | None) -> NoteName:
    if entries is None:
        return named_notes.read_name(path, parts or ())
    said = entries.get(path.stem, f"is not in {named_notes.NOTES}")
    if isinstance(said, str):
        raise BadFileError(f"{path}: {said}")
    return said


def _warn_of_unknown(instruments: Collection[str]) -> None:
    unknown = sorted(name for name in instruments if not named_notes.family_of(name))
    if unknown:
        log.warning("of no known family, so they count as %s: %s (see --labels)", FAMILIES[0], shortened(unknown))


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
    fit: bool = False,
) -> Iterator[Note]:
    """Read the notes of these files, mono, at sample_rate, each of `length` samples; progress counts files.

    With `fit`, shorter ones get silence at their end, and longer ones are cut and fade out.

    Raises:
        BadFileError: from `on_bad`.
    """
    for file in _counted(files, progress):
        try:
            wave = sound_files.read(file.path, sample_rate)
            if fit:
                wave = fitted(wave, length, sample_rate)
            _check_length(file.path, len(wave), sample_rate, length)
        except BadFileError as error:
            on_bad(error)
            continue
        yield Note(file.name, _measured(file, wave, sample_rate) if file.measured else file.labels, stored(wave))


def fitted(wave: np.ndarray, length: int, sample_rate: int) -> np.ndarray:
    """A wave of `length` samples: with silence at its end, or cut and faded out."""
    if len(wave) <= length:
        return np.pad(wave, (0, length - len(wave)))
    fade = min(length, round(FADE_S * sample_rate))
    return wave[:length] * np.minimum(1, np.arange(length, 0, -1) / max(fade, 1)).astype(wave.dtype)


def _measured(file: NoteFile, wave: np.ndarray, sample_rate: int) -> Labels:
    """The labels with the qualities that are measured; the key counts as released where the sound ends."""
    sounding = np.flatnonzero(np.abs(wave) > 0.01 * np.abs(wave).max(initial=0.0))
    hold_s = (sounding[-1] + 1) / sample_rate if len(sounding) else 0.0
    words = measured_qualities(wave, file.labels.pitch, sample_rate, hold_s)
    return replace(file.labels, qualities=tuple(int(word in words) for word in QUALITIES))


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
