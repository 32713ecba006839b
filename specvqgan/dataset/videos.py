"""Clips of films: features of their frames, and their own sound."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.audio import sound_files
from core.audio.sound_files import BadFileError, OnBadFile, stop_at_bad
from core.progress import Progress, ignore
from core.video import decoding
from specvqgan.dataset.folder import ClipFormat, Entry
from specvqgan.features.extractors import Extractor

# Of films that may have a sound.
SUFFIXES = decoding.SUFFIXES - {".gif"}
# The class of films that lie in no folder of their own.
UNNAMED = "film"
# Of the films, one in so many is held out.
HELD_OUT_EVERY = 8
# A clip at a film's end that is shorter than this share is left out.
_LEAST = 0.5
# Samples in 0..1 [samples] -> spectrogram [mels, frames].
Spectrogram = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Film:
    """A film.

    Attributes:
        path: of the file.
        label: a row of the classes.
        clips: the most that it has.
    """

    path: Path
    label: int
    clips: int


def find(
    folder: Path, sample_rate: int, samples: int, on_bad: OnBadFile = stop_at_bad
) -> tuple[list[Film], tuple[str, ...]]:
    """The films in a folder and its subfolders, whose names are the classes; and these.

    Args:
        folder: to search; hidden files are left out.
        sample_rate: in Hz.
        samples: of a clip.
        on_bad: called with each film without a sound that can be read.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it has no films with sound.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
    inside = {path: path.relative_to(folder) for path in paths}
    visible = {path: name for path, name in inside.items() if not any(part.startswith(".") for part in name.parts)}
    names = {path: name.parts[0] if len(name.parts) > 1 else UNNAMED for path, name in visible.items()}
    classes = tuple(sorted(set(names.values())))
    films = []
    for path, name in names.items():
        try:
            length = sound_files.length_at(path, sample_rate)
        except BadFileError as error:
            on_bad(error)
            continue
        films.append(Film(path, classes.index(name), max(1, round(length / samples + 0.5 - _LEAST))))
    if not films:
        raise ValueError(f"{folder} has no films with sound ({' '.join(sorted(SUFFIXES))})")
    return films, classes


def divided(films: Sequence[Film], seed: int) -> tuple[list[Film], list[Film]]:
    """Films to learn from, and films that are held out, at least one of each.

    Raises:
        ValueError: there is only one film.
    """
    if len(films) < 2:
        raise ValueError(f"there must be at least two films, one of which is held out, not only {films[0].path.name}")
    order = np.random.default_rng(seed).permutation(len(films))
    held_out = {int(place) for place in order[: max(1, len(films) // HELD_OUT_EVERY)]}
    return (
        [film for place, film in enumerate(films) if place not in held_out],
        [film for place, film in enumerate(films) if place in held_out],
    )


def entries(
    films: Sequence[Film], form: ClipFormat, extract: Extractor, spectrogram: Spectrogram,
    on_bad: OnBadFile = stop_at_bad, progress: Progress = ignore,
) -> Iterator[Entry]:  # fmt: skip
    """The clips of films, one after the other.

    Args:
        films: from `find`.
        form: of the dataset.
        extract: measures frames.
        spectrogram: of a clip's sound.
        on_bad: called with each film whose frames or sound cannot be read.
        progress: counts films.
    """
    for done, film in enumerate(films):
        progress(done, len(films))
        try:
            yield from _clips(film, form, extract, spectrogram)
        except decoding.DecodingError as error:
            on_bad(BadFileError(f"{film.path} is not a readable film: {error}"))
        except BadFileError as error:
            on_bad(error)
    progress(len(films), len(films))


def _clips(film: Film, form: ClipFormat, extract: Extractor, spectrogram: Spectrogram) -> Iterator[Entry]:
    wave = sound_files.read(film.path, form.sample_rate)
    frames = decoding.frames(film.path, form.rate)
    for number in range(film.clips):
        shown = list(islice(frames, form.moments))
        part = wave[number * form.samples : (number + 1) * form.samples]
        if number and (len(shown) < _LEAST * form.moments or len(part) < _LEAST * form.samples):
            return
        if not shown:
            raise decoding.DecodingError("there are no pictures in it")
        part = np.pad(part, (0, form.samples - len(part)))
        features = extract(shown, form.rate, form.rate, form.moments)
        yield Entry(features, spectrogram(part), part, film.label, True)
