"""Render a video of a song: what `hallu visualize` does between its flags and its files."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.audio.blocks import seconds
from core.audio.song_features import analyse
from core.files.atomic import check_writable
from core.latent.truncated_normal import truncated_normal
from core.progress import Progress
from core.protocols import ImageModel
from renderer import classes, sound_to_image
from renderer.video import lyrics, manifest, timeline, vectors
from renderer.video.lyrics import Embed
from renderer.video.render import write_video
from renderer.video.response import Response, check
from renderer.video.sentence_encoder import SentenceEncoder
from renderer.video.shape import Shape
from renderer.video.song import Song
from renderer.video.timeline import Timeline

log = logging.getLogger(__name__)

COMMAND = "visualize"
Load = Callable[[Path], ImageModel]
# Encoders of sentences, by name.
ENCODERS: dict[str, Callable[[], Embed]] = {"sbert": SentenceEncoder}
STRATEGY = "random"
# Responses of earlier versions, whose manifests do not name them.
_BEFORE = {"class_contrast": 3.0, "change_on": "pitch"}


@dataclass(frozen=True)
class Lyrics:
    """A text that chooses the classes, the encoder that reads it, and the strategy; see `lyrics.choose`."""

    path: Path
    encoding: str = "sbert"
    strategy: str | None = None

    def encoder(self) -> Embed:
        """Load the encoder.

        Raises:
            ValueError: there is no encoder of this name, or a package is missing.
        """
        return ENCODERS[checks.one_of("encoding", self.encoding, ENCODERS)]()


@dataclass(frozen=True)
class VideoJob:
    """What to render.

    Attributes:
        song: a sound file.
        out: the .mp4; manifest and vectors go beside it as .json and .npz.
        model: folder of the image model.
        seed: of all random numbers.
        response: how the video responds to the song.
        classes: numbers or names; none: those that the lyrics choose, or random ones.
        num_classes: how many; None: as many as are given, else 12, or all where the model has fewer.
        lyrics: chooses the classes.
        duration_s: how much of the song is rendered; None: all. The frames do not depend on it.
        batch_size: frames handed to the model at once.
        vectors: a saved timeline that replaces the song's own.
        shape: of the frames.

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
    shape: Shape = field(default_factory=Shape)

    def __post_init__(self) -> None:
        check("batch_size", self.batch_size)
        check("num_classes", len(self.classes) or 1)
        if self.num_classes is not None:
            check("num_classes", self.num_classes)
        checks.in_range("seed", self.seed, 0)
        if self.out.suffix.lower() != ".mp4":
            raise ValueError(f"the video must end in .mp4, not {self.out.name!r}")
        if self.out.resolve() == self.song.resolve():
            raise ValueError(f"the video would overwrite its song {self.song}; give it another name")
        if self.duration_s is not None:
            checks.above("duration", self.duration_s, 0, unit="seconds")
        if self.classes and self.num_classes not in (None, len(self.classes)):
            raise ValueError(f"num_classes is {self.num_classes}, but {len(self.classes)} classes are given")
        if len([source for source in (self.classes, self.lyrics, self.vectors) if source]) > 1:
            raise ValueError("classes, lyrics and saved vectors exclude each other: each chooses the classes")


def make(job: VideoJob, load: Load, memory: Path | None = None, progress: Progress | None = None) -> list[Path]:
    """Render the video and write its manifest and its vectors; each is there complete or not at all.

    Args:
        job: what to make.
        load: loads an image model from its folder.
        memory: folder that keeps the last film's manifest and vectors, for `last_vectors` and `last_classes`.
        progress: called with (pictures done, pictures).

    Returns:
        The video, the manifest, the vectors.

    Raises:
        FileNotFoundError: song, lyrics, vectors or model are missing.
        ValueError: one of them cannot be used, or does not fit the others.
    """
    check_writable(job.out)
    song = Song(job.song)
    lines = lyrics.read_lines(job.lyrics.path) if job.lyrics else []
    embed = job.lyrics.encoder() if job.lyrics else None
    saved = vectors.load(job.vectors) if job.vectors else None
    # Most mistakes in the job are found by now; what follows takes time.
    model = load(job.model)
    whole = _checked(saved, song, model) if saved else _new_timeline(job, song, model, lines, embed)
    shown = whole if job.duration_s is None else whole.first(math.ceil(job.duration_s * whole.rate))
    log.info("classes: %s", ", ".join(f"{one} {model.class_names[one]}" for one in whole.classes))
    write_video(job.out, model, shown, song, job.batch_size, progress, job.shape)
    record = _record(job, model, whole, len(shown))
    paths = [job.out, job.out.with_suffix(".json"), job.out.with_suffix(".npz")]
    vectors.save(paths[2], whole)
    manifest.write(paths[1], record)
    if memory:
        vectors.save(memory / "last.npz", whole)
        manifest.write(memory / "last.json", record)
    return paths


def _new_timeline(job: VideoJob, song: Song, model: ImageModel, lines: list[str], embed: Embed | None) -> Timeline:
    rng = np.random.default_rng(job.seed)
    # Drawn first, so that the same seed starts at the same z whatever chooses the classes.
    start = truncated_normal(rng, (model.z_size,), job.response.truncation)
    if job.lyrics and embed:
        chosen = _chosen_by_lyrics(job.lyrics, lines, embed, model, job.num_classes, rng)
    else:
        chosen = _chosen(job, model, rng)
    features = analyse(song, job.response.frame_length)
    return timeline.of_song(features, job.response, chosen, start, job.seed)


def _chosen(job: VideoJob, model: ImageModel, rng: np.random.Generator) -> tuple[int, ...]:
    if job.classes:
        return classes.find(job.classes, model.class_names)
    return classes.draw(model.num_classes, rng, job.num_classes)


def _chosen_by_lyrics(
    source: Lyrics, lines: list[str], embed: Embed, model: ImageModel, count: int | None, rng: np.random.Generator
) -> tuple[int, ...]:
    if not model.num_classes:
        raise ValueError(f"{model.name} has no classes, so lyrics cannot choose any")
    wanted = count or min(sound_to_image.PITCHES, model.num_classes)
    return lyrics.choose(lines, model.class_names, wanted, embed, source.strategy or STRATEGY, rng)


def _checked(saved: Timeline, song: Song, model: ImageModel) -> Timeline:
    """Saved vectors, as many as the song needs.

    Raises:
        ValueError: they do not fit the song or the model.
    """
    highest = max(saved.classes, default=-1)
    if saved.noise.shape[1] != model.z_size or highest >= model.num_classes or min(saved.classes, default=0) < 0:
        has = f"0..{model.num_classes - 1}" if model.num_classes else "no classes"
        raise ValueError(
            f"the saved vectors have {saved.noise.shape[1]} values and classes up to {highest};"
            f" {model.name} has {model.z_size} and {has}"
        )
    needed = math.ceil(seconds(song) * saved.rate)
    if needed > len(saved):
        raise ValueError(f"the saved vectors are for {len(saved)} frames; {song.path} needs {needed}")
    return saved.first(needed)


def _record(job: VideoJob, model: ImageModel, whole: Timeline, frames: int) -> dict[str, Any]:
    size = job.shape.at(model.size)
    video = manifest.video_record(model, job.model, job.out, frames, whole.rate, whole.classes, size)
    return manifest.build(COMMAND, _parameters(job), video, song=manifest.file_record(job.song))


def _parameters(job: VideoJob) -> dict[str, Any]:
    """The job in plain values; paths are absolute, and the vectors are those beside the video."""
    values = asdict(job) | {"song": job.song.resolve(), "model": job.model.resolve(), "out": job.out.resolve()}
    if job.lyrics:
        values["lyrics"]["path"] = job.lyrics.path.resolve()
    if job.vectors:
        values["vectors"] = job.out.with_suffix(".npz").resolve()
    return values


def repeated(path: Path, out: Path | None = None) -> VideoJob:
    """The job of a manifest, which renders the same video again.

    The log warns where the song or the model has changed.

    Args:
        path: the manifest.
        out: of the new video; None: the path that it had.

    Raises:
        FileNotFoundError: there is no manifest.
        ValueError: it is not a manifest of `hallu visualize`.
    """
    read = manifest.read(path, COMMAND)
    try:
        job = _job_of(read["parameters"], tuple(str(one["number"]) for one in read["classes"]), path, out)
        _warn_of_changes(read, job)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not contain the parameters of a video: {error}") from None
    return job


def _job_of(values: Mapping[str, Any], numbers: tuple[str, ...], path: Path, out: Path | None) -> VideoJob:
    """A job from plain values: the classes that were chosen replace what chose them, random numbers stay the same."""
    there = out or Path(values["out"])
    beside = path.with_suffix(".npz")
    saved = (beside if beside.is_file() else Path(values["vectors"])) if values["vectors"] else None
    return VideoJob(
        song=Path(values["song"]),
        out=there,
        model=Path(values["model"]),
        seed=values["seed"],
        response=Response(**_BEFORE | values["response"]),
        classes=() if saved else numbers,
        duration_s=values["duration_s"],
        batch_size=values["batch_size"],
        vectors=saved,
        shape=Shape(**values.get("shape", {})),
    )


def _warn_of_changes(read: Mapping[str, Any], job: VideoJob) -> None:
    manifest.warn_of_changed_file(read["song"])
    manifest.warn_of_change(job.model, read["model"])


def last_vectors(memory: Path, out: Path) -> Path:
    """The vectors of the last video; where there is no memory, those beside `out`.

    Raises:
        FileNotFoundError: there are none.
    """
    return _last(memory / "last.npz", out.with_suffix(".npz"))


def last_classes(memory: Path, out: Path) -> tuple[str, ...]:
    """The class numbers of the last video; where there is no memory, of the video `out`.

    Raises:
        FileNotFoundError: there is no last video.
        ValueError: its manifest cannot be read.
    """
    path = _last(memory / "last.json", out.with_suffix(".json"))
    try:
        return tuple(str(int(one["number"])) for one in manifest.read(path, COMMAND)["classes"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} does not contain the classes of a video: {error}") from None


def _last(*paths: Path) -> Path:
    for path in paths:
        if path.is_file():
            return path
    raise FileNotFoundError(f"there is no last video: neither {' nor '.join(map(str, paths))}")
