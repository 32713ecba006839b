"""Long recordings cut into notes, short ones padded: the two ways into a dataset of one's own sounds."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio import sound_files, wav
from core.audio.sound_files import BadFileError, OnBadFile, stop_at_bad
from core.files.atomic import new_folder
from core.progress import Progress


@dataclass(frozen=True)
class Form:
    """What the notes will be: samples per second, length and step in samples, a MIDI pitch for their names.

    Raises:
        ValueError: one is out of range.
    """

    sample_rate: int = 16000
    length: int = 64000
    step: int = 64000
    pitch: int = 32

    def __post_init__(self) -> None:
        for name in ("sample_rate", "length", "step"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.pitch <= 127:
            raise ValueError(f"pitch must be in 0..127, not {self.pitch}")


def chop(
    in_dir: Path, out_dir: Path, form: Form, report: OnBadFile = stop_at_bad, progress: Progress | None = None
) -> int:
    """Cut each sound file into notes NAME_1_PITCH.wav, NAME_2_PITCH.wav, ...; how many there are.

    A note starts every form.step samples and has form.length; what remains at the end is dropped. A file that is too
    short for one note is bad. Names of files in subfolders begin with theirs: FOLDER-NAME_1_PITCH.wav.

    Args:
        in_dir: searched with its subfolders.
        out_dir: made, whole or not at all.
        form: of the notes.
        report: is given each bad file; the work goes on without it if that does not raise.
        progress: counts files, before the first and after each.

    Raises:
        BadFileError: from `report`.
        FileExistsError: out_dir exists and is not an empty folder.
        FileNotFoundError: in_dir is missing.
        ValueError: no file gives a note.
    """
    files = sound_files.find(in_dir)
    names = _unique([joined(path.relative_to(in_dir)) for path in files])

    def notes(place: int, wave: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        if len(wave) < form.length:
            raise BadFileError(
                f"{files[place]} is {len(wave)} samples long at {form.sample_rate} Hz; a note needs {form.length}"
            )
        starts = range(0, len(wave) - form.length + 1, form.step)
        for number, start in enumerate(starts, 1):
            yield f"{names[place]}_{number}", wave[start : start + form.length]

    return _convert(files, out_dir, form, notes, report, progress)


def pad(
    in_dir: Path, out_dir: Path, form: Form, report: OnBadFile = stop_at_bad, progress: Progress | None = None
) -> int:
    """Make each sound file one note of form.length samples, FOLDER-SUBFOLDER-N_PITCH.wav; how many there are.

    What is longer is cut, what is shorter gets silence. Levels stay as they are. N counts from 1 in each folder; files
    that lie in in_dir itself are named after it. Arguments and errors are those of `chop`.
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
        kept = wave[: form.length]
        yield names[place], np.pad(kept, (0, form.length - len(kept)))

    return _convert(files, out_dir, form, notes, report, progress)


def _convert(
    files: list[Path],
    out_dir: Path,
    form: Form,
    notes: Callable[[int, np.ndarray], Iterator[tuple[str, np.ndarray]]],
    report: OnBadFile,
    progress: Progress | None,
) -> int:
    written = 0
    with new_folder(out_dir) as folder:
        for place, path in enumerate(files):
            if progress:
                progress(place, len(files))
            try:
                for name, wave in notes(place, sound_files.read(path, form.sample_rate)):
                    wav.write_pcm16(folder / f"{name}_{form.pitch}.wav", wave, form.sample_rate)
                    written += 1
            except BadFileError as error:
                report(error)
        if not written:
            raise ValueError(f"none of the {len(files)} sound files gave a note")
        if progress:
            progress(len(files), len(files))
    return written


def joined(path: Path) -> str:
    """A relative path as a name: its folders and its stem, with - between them."""
    return "-".join([*path.parts[:-1], path.stem])


def _unique(names: list[str]) -> list[str]:
    """The names, told apart where they are the same (bell.wav and bell.mp3): bell, bell-2."""
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
