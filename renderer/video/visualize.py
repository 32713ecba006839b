"""A song made into a film: all that `hallu visualize` does between its flags and its files."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.audio.blocks import seconds
from core.progress import Progress
from core.protocols import ImageModel
from renderer import classes, sound_to_image
from renderer.video import lyrics, manifest, timeline, vectors
from renderer.video.analysis import analyse
from renderer.video.lyrics import Embed
from renderer.video.render import film
from renderer.video.response import Response, check
from renderer.video.sentence_encoder import SentenceEncoder
from renderer.video.song import Song
from renderer.video.timeline import Timeline

log = logging.getLogger(__name__)

COMMAND = "visualize"
Load = Callable[[Path], ImageModel]
# What turns sentences into vectors, by name.
ENCODERS: dict[str, Callable[[], Embed]] = {"sbert": SentenceEncoder}
STRATEGY = "random"


@dataclass(frozen=True)
class Lyrics:
    """A text that chooses the classes, the encoder that reads it, and how it chooses; see `lyrics.choose`."""

    path: Path
    encoding: str = "sbert"
    strategy: str | None = None

    def encoder(self) -> Embed:
        """Load the encoder.

        Raises:
            ValueError: there is none of this name, or a package is missing.
        """
        if self.encoding not in ENCODERS:
            raise ValueError(f"encoding must be one of {', '.join(ENCODERS)}, not {self.encoding!r}")
        return ENCODERS[self.encoding]()


@dataclass(frozen=True)
class VideoJob:
    """What to make.

    Attributes:
        song: a sound file.
        out: the .mp4; manifest and vectors go beside it as .json and .npz.
        model: folder of the picture model.
        seed: of all that is drawn.
        response: how the picture answers.
        classes: numbers or names; none: by the lyrics, or by lot.
        num_classes: how many; None: as many as are given, else 12 or all that the model has.
        lyrics: chooses the classes.
        duration_s: how much of the song is painted; None: all. What is painted does not depend on it.
        batch_size: pictures at once.
        vectors: a film's saved numbers, painted in place of what the song would give.

    Raises:
        ValueError: a value is out of range, or two contradict each other.
    """

    song: Path
    out: Path
    model: Path
    seed: int
    response: Response = field(default_factory=Response)
    classes: tuple[str, ...] = ()
    num_classes: int | None = None
    lyrics: Lyrics | None = None
    duration_s: float | None = None
    batch_size: int = 20
    vectors: Path | None = None

    def __post_init__(self) -> None:
        check("batch_size", self.batch_size)
        check("num_classes", len(self.classes) or 1)
        if self.num_classes is not None:
            check("num_classes", self.num_classes)
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, not {self.seed}")
        if self.out.suffix.lower() != ".mp4":
            raise ValueError(f"the film must end in .mp4, not {self.out.name!r}")
        if self.out.resolve() == self.song.resolve():
            raise ValueError(f"the film would take the place of its song {self.song}; give it another name")
        if self.duration_s is not None and not (math.isfinite(self.duration_s) and self.duration_s > 0):
            raise ValueError(f"duration must be above 0 seconds, not {self.duration_s:g}")
        if self.classes and self.num_classes not in (None, len(self.classes)):
            raise ValueError(f"num_classes is {self.num_classes}, but {len(self.classes)} classes are given")
        if len([source for source in (self.classes, self.lyrics, self.vectors) if source]) > 1:
            raise ValueError("classes, lyrics and saved vectors exclude each other: each says what the classes are")


def make(wish: VideoJob, load: Load, memory: Path | None = None, progress: Progress | None = None) -> list[Path]:
    """Make the film, its manifest and its vectors; each is there whole or not at all.

    Args:
        wish: what to make.
        load: a painter from its folder.
        memory: folder that keeps the last film's manifest and vectors, for `last_vectors` and `last_classes`.
        progress: called with (pictures done, pictures).

    Returns:
        The film, the manifest, the vectors.

    Raises:
        FileNotFoundError: song, lyrics, vectors or model are missing.
        ValueError: one of them cannot be used, or does not go with the others.
    """
    song = Song(wish.song)
    sung = lyrics.read_lines(wish.lyrics.path) if wish.lyrics else []
    embed = wish.lyrics.encoder() if wish.lyrics else None
    held = vectors.load(wish.vectors) if wish.vectors else None
    # Much that can be wrong with the wish is found by now; what follows takes time.
    painter = load(wish.model)
    whole = _checked(held, song, painter) if held else _planned(wish, song, painter, sung, embed)
    shown = whole if wish.duration_s is None else whole.first(math.ceil(wish.duration_s * whole.rate))
    log.info("classes: %s", ", ".join(f"{one} {painter.class_names[one]}" for one in whole.classes))
    film(wish.out, painter, shown, song, wish.batch_size, progress)
    record = _record(wish, painter, whole, len(shown))
    paths = [wish.out, wish.out.with_suffix(".json"), wish.out.with_suffix(".npz")]
    vectors.save(paths[2], whole)
    manifest.write(paths[1], record)
    if memory:
        vectors.save(memory / "last.npz", whole)
        manifest.write(memory / "last.json", record)
    return paths


def _planned(wish: VideoJob, song: Song, painter: ImageModel, sung: list[str], embed: Embed | None) -> Timeline:
    rng = np.random.default_rng(wish.seed)
    # Drawn first, so that the same seed begins with the same noise whatever chooses the classes.
    start = sound_to_image.truncated_normal(rng, (painter.z_size,), wish.response.truncation)
    if wish.lyrics and embed:
        chosen = _sung(wish.lyrics, sung, embed, painter, wish.num_classes, rng)
    else:
        chosen = _chosen(wish, painter, rng)
    features = analyse(song, wish.response.frame_length)
    return timeline.of_song(features, wish.response, chosen, start, wish.seed)


def _chosen(wish: VideoJob, painter: ImageModel, rng: np.random.Generator) -> tuple[int, ...]:
    if wish.classes:
        return classes.find(wish.classes, painter.class_names)
    return classes.draw(painter.num_classes, rng, wish.num_classes)


def _sung(
    told: Lyrics, sung: list[str], embed: Embed, painter: ImageModel, count: int | None, rng: np.random.Generator
) -> tuple[int, ...]:
    wanted = count or min(sound_to_image.PITCHES, painter.num_classes)
    return lyrics.choose(sung, painter.class_names, wanted, embed, told.strategy or STRATEGY, rng)


def _checked(held: Timeline, song: Song, painter: ImageModel) -> Timeline:
    """Saved vectors, as many as the song needs.

    Raises:
        ValueError: they do not go with the song or the model.
    """
    highest = max(held.classes, default=-1)
    if held.noise.shape[1] != painter.z_size or highest >= painter.num_classes or min(held.classes, default=0) < 0:
        has = f"0..{painter.num_classes - 1}" if painter.num_classes else "no classes"
        raise ValueError(
            f"the saved vectors have {held.noise.shape[1]} values and classes up to {highest};"
            f" {painter.name} has {painter.z_size} and {has}"
        )
    needed = math.ceil(seconds(song) * held.rate)
    if needed > len(held):
        raise ValueError(f"the saved vectors are {len(held)} pictures; {song.path} needs {needed}")
    return held.first(needed)


def _record(wish: VideoJob, painter: ImageModel, whole: Timeline, frames: int) -> dict[str, Any]:
    painted = manifest.painted(painter, wish.model, wish.out, frames, whole.rate, whole.classes)
    return manifest.build(COMMAND, _parameters(wish), painted, song=manifest.file_record(wish.song))


def _parameters(wish: VideoJob) -> dict[str, Any]:
    """All of the wish in plain values; places are absolute, but the vectors are those beside the film."""
    told = asdict(wish) | {"song": wish.song.resolve(), "model": wish.model.resolve(), "out": wish.out.resolve()}
    if wish.lyrics:
        told["lyrics"]["path"] = wish.lyrics.path.resolve()
    if wish.vectors:
        told["vectors"] = wish.out.with_suffix(".npz").resolve()
    return told


def repeated(path: Path, out: Path | None = None) -> VideoJob:
    """The wish of a manifest, to make the same film again.

    A song or a model that is not what it was is told in the log.

    Args:
        path: the manifest.
        out: where the film goes this time; None: where it was.

    Raises:
        FileNotFoundError: there is no manifest.
        ValueError: it is no manifest of `hallu visualize`.
    """
    read = manifest.read(path, COMMAND)
    try:
        wish = _wish_of(read["parameters"], tuple(str(one["number"]) for one in read["classes"]), path, out)
        _tell_changes(read, wish)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not hold the parameters of a film: {error}") from None
    return wish


def _wish_of(told: Mapping[str, Any], numbers: tuple[str, ...], path: Path, out: Path | None) -> VideoJob:
    """A wish of plain values. What chose the classes is replaced by what it chose; the draws stay the same."""
    there = out or Path(told["out"])
    beside = path.with_suffix(".npz")
    held = (beside if beside.is_file() else Path(told["vectors"])) if told["vectors"] else None
    return VideoJob(
        song=Path(told["song"]),
        out=there,
        model=Path(told["model"]),
        seed=told["seed"],
        response=Response(**told["response"]),
        classes=() if held else numbers,
        duration_s=told["duration_s"],
        batch_size=told["batch_size"],
        vectors=held,
    )


def _tell_changes(read: Mapping[str, Any], wish: VideoJob) -> None:
    if wish.song.is_file() and manifest.file_record(wish.song)["sha256"] != read["song"]["sha256"]:
        log.warning("%s is not the song that it was", wish.song)
    manifest.tell_change(wish.model, read["model"])


def last_vectors(memory: Path, out: Path) -> Path:
    """The vectors of the last film; where there is no memory, those beside `out`.

    Raises:
        FileNotFoundError: there are none.
    """
    return _last(memory / "last.npz", out.with_suffix(".npz"))


def last_classes(memory: Path, out: Path) -> tuple[str, ...]:
    """The numbers of the last film's classes; where there is no memory, of the film `out`.

    Raises:
        FileNotFoundError: there is no last film.
        ValueError: its manifest cannot be read.
    """
    path = _last(memory / "last.json", out.with_suffix(".json"))
    try:
        return tuple(str(int(one["number"])) for one in manifest.read(path, COMMAND)["classes"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} does not hold the classes of a film: {error}") from None


def _last(*paths: Path) -> Path:
    for path in paths:
        if path.is_file():
            return path
    raise FileNotFoundError(f"there is no last film: neither {' nor '.join(map(str, paths))}")
