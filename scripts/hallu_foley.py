"""Give a film, or pictures, a sound.

SOURCE is a film of any length, a folder of films (each gets its own sound, in the folder --out), or a folder of
pictures, which are shown one after the other. Memory does not grow with the length.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.progress import show_progress
from scripts import frame
from scripts.flags import audio_files, engine, models
from scripts.shared import foley_folder

if TYPE_CHECKING:
    from core.progress import Progress
    from core.protocols import FoleyModel

PROG = "hallu foley"
# Frames of a film that are looked at in a second.
_FPS = 24.0


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    add = flags.add_argument
    add("source", type=frame.path, metavar="SOURCE", help="a film, a folder of films, or a folder of pictures")
    add(
        "--out",
        type=frame.path,
        metavar="FILE.wav",
        help="the sound; a folder, for a folder of films (default: foley.wav)",
    )
    add("--mux", type=frame.path, metavar="FILE.mp4", help="the film again with its new sound (.mp4, .mkv or .mov)")
    add(
        "--model", metavar="NAME", help="a model's name (hallu models) or its folder (default: the first that is found)"
    )
    add("--class", dest="sort", metavar="NAME", help="what it is to sound like, for models with classes")
    add("--seconds", type=frame.above_zero, metavar="S", help="of the sound (default: as long as the pictures)")
    add(
        "--each",
        type=frame.above_zero,
        default=1.0,
        metavar="S",
        help="how long each picture of a folder is shown (default: 1)",
    )
    add(
        "--temperature",
        type=_temperature,
        default=1.0,
        metavar="T",
        help="how free it is; 0: always the likeliest (default: 1)",
    )
    add(
        "--top_k",
        type=partial(frame.whole, least=1),
        metavar="K",
        help="draw from the K likeliest codes (default: the model's own)",
    )
    add(
        "--seed",
        type=partial(frame.whole, least=0),
        help="the same number gives the same sound (default: random, and reported)",
    )
    add("--skip_bad", action="store_true", help="of a folder of films: name those that cannot be read, and skip them")
    engine.add(flags)
    models.add(flags, models.FOLEY)
    flags.set_defaults(error=flags.error)
    return flags


def _temperature(text: str) -> float:
    value = frame.finite(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"must be in 0..100, not {text!r}")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_foley, parser().parse_args(argv), PROG)


def _foley(options: argparse.Namespace) -> None:
    from core import families
    from core.files.atomic import check_folder

    films = _films(options.source)
    outs = _outs(options, films)
    frame.refuse_existing(*outs, *([options.mux] if options.mux else []))
    for folder in {path.parent for path in (*outs, *([options.mux] if options.mux else []))}:
        check_folder(folder)
    model = families.load(foley_folder.locate(options.model, models.folders(options)), "foley", **engine.given(options))
    seed = frame.seed(options.seed)
    several, on_bad = films != [options.source], audio_files.report(options)
    for film, out in zip(films, outs, strict=True):
        try:
            with show_progress("column", out.name) as progress:
                _write(model, film, out, options, seed, progress)
        except UnreadableFilmError as error:
            if not several:
                raise
            on_bad(error)
        else:
            print(out)
    if options.mux:
        from core.video.muxing import with_sound
        from renderer.video.song import Song

        with_sound(options.source, options.mux, Song(outs[0]))
        print(options.mux)


def _films(source: Path) -> list[Path]:
    """The films to be given a sound; a folder of pictures counts as one.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: the folder has neither.
    """
    from core import pictures
    from core.video.decoding import SUFFIXES

    if source.is_file():
        return [source]
    if not source.is_dir():
        raise FileNotFoundError(f"there is no film and no folder {source}")
    films = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if films:
        return films
    if not pictures.find(source):
        raise ValueError(
            f"{source} has no films ({', '.join(sorted(SUFFIXES))}) and no pictures ({', '.join(pictures.SUFFIXES)})"
        )
    return [source]


def _outs(options: argparse.Namespace, films: Sequence[Path]) -> list[Path]:
    """Where the sounds go."""
    several = options.source.is_dir() and films != [options.source]
    if options.mux and (options.source.is_dir() or options.mux.suffix.lower() not in (".mp4", ".mkv", ".mov")):
        options.error("--mux writes one film again, as .mp4, .mkv or .mov")
    if several:
        folder = options.out or Path("foley")
        if folder.suffix.lower() == ".wav":
            options.error(f"--out must be a folder for a folder of films, not {folder}")
        return _one_for_each(films, folder)
    out = options.out or Path("foley.wav")
    if out.suffix.lower() != ".wav":
        options.error(f"--out must end in .wav, not {str(out)!r}")
    return [out]


def _one_for_each(films: Sequence[Path], folder: Path) -> list[Path]:
    """Where the sound of each film of a folder goes.

    Raises:
        ValueError: two films would have the same.
    """
    found: dict[Path, Path] = {}
    for film in films:
        out = folder / f"{film.stem}.wav"
        if out in found:
            raise ValueError(f"{film} and {found[out]} would have the same sound {out.name}; rename one")
        found[out] = film
    return list(found)


def _write(
    model: "FoleyModel", film: Path, out: Path, options: argparse.Namespace, seed: int, progress: "Progress"
) -> None:
    from core.audio import wav

    frames, fps = _frames(film, options.each)
    asked: dict[str, Any] = {"classes": options.sort, "temperature": options.temperature, "top_k": options.top_k}
    asked |= {"seed": seed, "seconds": options.seconds}
    wav.write_blocks(out, model.stream(frames, fps, progress=progress, **asked), model.sample_rate)


def _frames(source: Path, each_s: float) -> tuple[Iterable[np.ndarray], float]:
    """Frames, and how many there are in a second."""
    from core import pictures
    from core.video import decoding

    if source.is_dir():
        return _Pictures(pictures.find(source)), 1.0 / each_s
    return _named(source, decoding.frames(source, _FPS)), _FPS


class _Pictures:
    """The pictures of files, read as they are needed, again and again."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __iter__(self) -> Iterator[np.ndarray]:
        from core import pictures

        for path in self._paths:
            try:
                yield np.asarray(pictures.read(path))
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None


class UnreadableFilmError(ValueError):
    """A film cannot be read; the message names it."""


def _named(path: Path, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Frames of a film, whose errors name it."""
    from core.video.decoding import DecodingError

    try:
        yield from frames
    except DecodingError as error:
        raise UnreadableFilmError(f"{path} cannot be read as a film: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
