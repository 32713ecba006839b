"""Cut long recordings into notes, or pad short ones: the two ways to make notes from sound files."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import checks
from core.audio import sound_files, wav
from core.audio.sound_files import BadFileError, OnBadFile, stop_at_bad
from core.files.atomic import new_folder
from core.progress import Progress


@dataclass(frozen=True)
class NoteFormat:
    """The notes to write: sample rate in Hz, length and step in samples, a MIDI pitch for their file names.

    Without a step, each note starts where the one before it ends.

    Raises:
        ValueError: one is out of range.
    """

    sample_rate: int = 16000
    length: int = 64000
    step: int | None = None
    pitch: int = 32

    def __post_init__(self) -> None:
        for name in ("sample_rate", "length"):
            checks.whole(name, getattr(self, name), 1)
        if self.step is not None:
            checks.whole("step", self.step, 1)
        checks.whole("pitch", self.pitch, 0, 127)


def chop(
    in_dir: Path,
    out_dir: Path,
    note_format: NoteFormat,
    on_bad: OnBadFile = stop_at_bad,
    progress: Progress | None = None,
) -> int:
    """Cut each sound file into notes NAME_1_PITCH.wav, NAME_2_PITCH.wav, ...; returns their number.

    A note starts every note_format.step samples and has note_format.length; the rest at the end is dropped. A file
    that is too short for one note is bad. The names of files in subfolders begin with the folder:
    FOLDER-NAME_1_PITCH.wav.

    Args:
        in_dir: searched with its subfolders.
        out_dir: the new folder, written whole or not at all.
        note_format: the format of the notes.
        on_bad: called with each bad file; the work goes on without it unless this raises.
        progress: counts files, before the first and after each.

    Raises:
        BadFileError: from `on_bad`.
        FileExistsError: out_dir exists and is not an empty folder.
        FileNotFoundError: in_dir is missing.
        ValueError: no file gives a note.
    """
    files = sound_files.find(in_dir)
    names = _unique([joined(path.relative_to(in_dir)) for path in files])

    def notes(place: int, wave: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        if len(wave) < note_format.length:
            raise BadFileError(
                f"{files[place]} is {len(wave)} samples long at {note_format.sample_rate} Hz; "
                f"a note needs {note_format.length}"
            )
        starts = range(0, len(wave) - note_format.length + 1, note_format.step or note_format.length)
        for number, start in enumerate(starts, 1):
            yield f"{names[place]}_{number}", wave[start : start + note_format.length]

    return _convert(files, out_dir, note_format, notes, on_bad, progress)


def pad(
    in_dir: Path,
    out_dir: Path,
    note_format: NoteFormat,
    on_bad: OnBadFile = stop_at_bad,
    progress: Progress | None = None,
) -> int:
    """Make each sound file a note of note_format.length samples, FOLDER-SUBFOLDER-N_PITCH.wav; returns their number.

    A longer file is cut, a shorter one gets silence at its end. Levels stay as they are. N counts from 1 in each
    folder; files in in_dir itself are named after in_dir. Arguments and errors are those of `chop`.
    """
    files = sound_files.find(in_dir)
    counts: Counter[str] = Counter()
    names = []
    for path in files:
        folders = path.relative_to(in_dir).parts[:-1] or (in_dir.resolve().name,)
        folder = re.sub(r"[^\w]+", "-", "-".join(folders).lower()).strip("-") or "note"
        counts[folder] += 1
        names.append(f"{folder}-{counts[folder]}")

    def notes(place: int, wave: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        kept = wave[: note_format.length]
        yield names[place], np.pad(kept, (0, note_format.length - len(kept)))

    return _convert(files, out_dir, note_format, notes, on_bad, progress)


def _convert(
    files: list[Path],
    out_dir: Path,
    note_format: NoteFormat,
    notes: Callable[[int, np.ndarray], Iterator[tuple[str, np.ndarray]]],
    on_bad: OnBadFile,
    progress: Progress | None,
) -> int:
    written = 0
    with new_folder(out_dir) as folder:
        for place, path in enumerate(files):
            if progress:
                progress(place, len(files))
            try:
                for name, wave in notes(place, sound_files.read(path, note_format.sample_rate)):
                    wav.write_pcm16(folder / f"{name}_{note_format.pitch}.wav", wave, note_format.sample_rate)
                    written += 1
            except BadFileError as error:
                on_bad(error)
        if not written:
            raise ValueError(f"none of the {len(files)} sound files gave a note")
        if progress:
            progress(len(files), len(files))
    return written


def joined(path: Path) -> str:
    """A name from a relative path: its folders and its stem, with - between them."""
    return "-".join([*path.parts[:-1], path.stem])


def _unique(names: list[str]) -> list[str]:
    """The names, numbered where they are the same (bell.wav and bell.mp3): bell, bell-2."""
    seen: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 1
        while candidate in seen:
            number += 1
            candidate = f"{name}-{number}"
        seen.add(candidate)
        unique.append(candidate)
    return unique
