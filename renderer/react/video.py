"""Render the video of a song that reacts to it: what `hallu react` does between its flags and its files."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.audio.pieces import SAMPLE_RATE
from core.files.atomic import check_writable, replacing
from core.nn.names import PRECISIONS
from core.progress import Progress
from core.protocols import ImageModel
from core.text import counted
from renderer import classes
from renderer.react.config import ReactConfig
from renderer.react.config_file import read_config
from renderer.react.scene import FrameInput, Scene, Song
from renderer.react.sounds import MIX, SEPARATIONS, SongSounds
from renderer.video import manifest
from renderer.video.mp4 import Mp4
from renderer.video.render import write_frames
from renderer.video.shape import Shape
from renderer.video.song import Song as SongFile

log = logging.getLogger(__name__)

COMMAND = "react"
Load = Callable[[Path], ImageModel]
FPS = 24.0
# What a model's black and white are.
FULL = (-1.0, 1.0)
_MEASURED, _LEAST = 24, 1e-3
_MOST_FPS = 240.0


@dataclass(frozen=True)
class ReactJob:
    """What to render.

    Attributes:
        song: a sound file.
        out: the .mp4; a manifest goes beside it as .json.
        model: folder of the image model.
        seed: of all random numbers.
        config: the values of the configuration, see `config_file.read_config`.
        stems: folder of the song's stems; None: they are separated from it.
        separate: how; one of `sounds.SEPARATIONS`.
        fps: frames per second.
        classes: numbers or names; none: drawn, as many as the configuration says.
        duration_s: how much of the song is rendered; None: all. The frames do not depend on it.
        shape: of the frames.
        precision: in which frames are computed; one of `core.nn.names.PRECISIONS`.

    Raises:
        ValueError: a value is out of range.
    """

    song: Path
    out: Path
    model: Path
    seed: int
    config: Mapping[str, Any]
    stems: Path | None = None
    separate: str = SEPARATIONS[0]
    fps: float = FPS
    classes: tuple[str, ...] = ()
    duration_s: float | None = None
    shape: Shape = field(default_factory=Shape)
    precision: str = PRECISIONS[0]

    def __post_init__(self) -> None:
        checks.in_range("seed", self.seed, 0)
        checks.one_of("precision", self.precision, PRECISIONS)
        checks.in_range("fps", self.fps, 1, _MOST_FPS)
        checks.one_of("separate", self.separate, SEPARATIONS)
        if self.out.suffix.lower() != ".mp4":
            raise ValueError(f"the video must end in .mp4, not {self.out.name!r}")
        if self.out.resolve() == self.song.resolve():
            raise ValueError(f"the video would overwrite its song {self.song}; give it another name")
        if self.duration_s is not None:
            checks.above("duration", self.duration_s, 0, unit="seconds")

    @property
    def rate(self) -> Fraction:
        """Frames per second, exactly."""
        return Fraction(self.fps).limit_denominator(1001)


def make(job: ReactJob, load: Load, progress: Progress | None = None) -> list[Path]:
    """Render the video and write its manifest; each is there complete or not at all.

    Args:
        job: what to make.
        load: loads an image model from its folder.
        progress: called with (frames done, frames).

    Returns:
        The video, the manifest.

    Raises:
        FileNotFoundError: song, stems or model are missing.
        ValueError: one of them cannot be used, or the configuration breaks a rule.
    """
    check_writable(job.out)
    config = read_config(job.config)
    song, sounds = SongFile(job.song), SongSounds(job.song, job.stems, job.separate)
    model = load(job.model)
    chosen = _chosen(job, config, model)
    scene, shown = prepare(job, config, sounds, model, chosen)
    sounds.release()
    log.info("%s, rendering %s", counted(len(scene.starts), "segment"), counted(shown, "frame"))
    size = job.shape.at(model.size)
    with replacing(job.out) as part:
        writer = Mp4(part, *size, job.rate, song)
        exposure = measured(model, scene) if config.exposure == "measured" else FULL
        write_frames(writer, frames(model, scene, shown, job.shape, exposure), shown, progress)
    video = manifest.video_record(model, job.model, job.out, shown, job.rate, chosen, size)
    stems = {name: manifest.file_record(path) for name, path in sounds.files.items()}
    record = manifest.build(COMMAND, _parameters(job), video, song=manifest.file_record(job.song), stems=stems)
    manifest.write(job.out.with_suffix(".json"), record)
    return [job.out, job.out.with_suffix(".json")]


def prepare(
    job: ReactJob, config: ReactConfig, sounds: SongSounds, model: ImageModel, chosen: tuple[int, ...]
) -> tuple[Scene, int]:
    """The inputs of all frames of the whole song, and how many of them are rendered."""
    duration_s = len(sounds.wave(MIX)) / SAMPLE_RATE
    log.info("analysing %s (%d:%02d)", job.song.name, *divmod(round(duration_s), 60))
    whole = max(1, math.ceil(duration_s * job.rate))
    shown = whole if job.duration_s is None else min(whole, max(1, math.ceil(job.duration_s * job.rate)))
    song = Song(sounds.wave, duration_s, whole, float(job.rate))
    return Scene(config, song, model, job.seed, chosen), shown


def frames(
    model: ImageModel, scene: Scene, count: int, shape: Shape, exposure: tuple[float, float] = FULL
) -> Iterator[np.ndarray]:
    """The first `count` frames of a scene one by one, uint8 [H, W, 3]; none is kept."""
    fitted = shape.fitted(model.size)
    for number in range(count):
        yield fitted(rendered(model, scene.at(number), exposure))


def rendered(model: ImageModel, given: FrameInput, exposure: tuple[float, float] = FULL) -> np.ndarray:
    """One frame, uint8 [size, size, 3]. What is black and white is the same in every frame, so nothing flickers."""
    if given.latent.ndim == 2:
        return next(iter(model.render(given.latent, given.classes, given.truncation, bends=given.bends)))
    low, high = exposure
    found = (_mapped(model, given) - low) * (255.0 / (high - low))
    return np.clip(np.round(found), 0, 255).astype(np.uint8)


def _mapped(model: ImageModel, given: FrameInput) -> np.ndarray:
    frame: np.ndarray = model.synthesis(given.latent, noise=given.noise, bends=given.bends)[0]  # type: ignore[attr-defined]
    return frame


def measured(model: ImageModel, scene: Scene) -> tuple[float, float]:
    """The darkest and the brightest value of some frames, evenly spread over the song, but for a thousandth of each.

    Where the model gives finished frames they have been exposed already, and it is -1 and 1.
    """
    some = [scene.at(int(number)) for number in np.unique(np.linspace(0, scene.frames - 1, _MEASURED).astype(int))]
    if some[0].latent.ndim == 2:
        return FULL
    ends = np.array([np.quantile(_mapped(model, given), (0.001, 0.999)) for given in some])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    return (low, high) if high - low > _LEAST else FULL


def _chosen(job: ReactJob, config: ReactConfig, model: ImageModel) -> tuple[int, ...]:
    if job.classes:
        return classes.find(job.classes, model.class_names)
    count = min(config.classes.count, model.num_classes)
    return classes.draw(model.num_classes, np.random.default_rng([job.seed, 1]), count)


def _parameters(job: ReactJob) -> dict[str, Any]:
    """The job in plain values; paths are absolute."""
    paths = {name: getattr(job, name).resolve() for name in ("song", "model", "out")}
    return asdict(job) | paths | {"stems": job.stems.resolve() if job.stems else None}


def repeated(path: Path, out: Path | None = None) -> ReactJob:
    """The job of a manifest, which renders the same video again.

    The log warns where the song, a stem or the model has changed.

    Args:
        path: the manifest.
        out: of the new video; None: the path that it had.

    Raises:
        FileNotFoundError: there is no manifest.
        ValueError: it is not a manifest of `hallu react`.
    """
    read = manifest.read(path, COMMAND)
    try:
        job = _job_of(read["parameters"], tuple(str(one["number"]) for one in read["classes"]), out)
        for record in (read["song"], *read["stems"].values()):
            manifest.warn_of_changed_file(record)
        manifest.warn_of_change(job.model, read["model"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not contain the parameters of a video: {error}") from None
    return job


def _job_of(values: Mapping[str, Any], numbers: tuple[str, ...], out: Path | None) -> ReactJob:
    return ReactJob(
        song=Path(values["song"]),
        out=out or Path(values["out"]),
        model=Path(values["model"]),
        seed=values["seed"],
        config=values["config"],
        stems=Path(values["stems"]) if values["stems"] else None,
        separate=values.get("separate", SEPARATIONS[0]),
        fps=values["fps"],
        classes=numbers,
        duration_s=values["duration_s"],
        shape=Shape(**values["shape"]),
        precision=values.get("precision", PRECISIONS[0]),
    )
