"""Make a hallucination offline: a WAV file, a picture of it and a video."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ganspace
import gansynth
from core import checks, families
from core.audio import wav
from core.files.atomic import check_writable, replacing
from core.latent.interpolation import lerp, slerp
from core.latent.key_path import key_times_s
from core.progress import show_progress
from ganspace.edited_models import CoordinateModel
from gansynth import latent_prior
from gansynth.conditions import ConditionValue, check
from gansynth.hallucination import Timing, note_pitches
from gansynth.hallucination import hallucinate as render_sound
from gansynth.latent_prior import LatentPrior
from scripts import frame
from scripts.shared import key_points, model_folder
from scripts.shared.hallucination_video import CLASS_CONTRAST_BEFORE, COMMAND, Video, record, render
from server.checkpoints import locate, locate_components
from server.sounds.hallucinations import check_hallucination

if TYPE_CHECKING:
    from core.protocols import ImageModel
    from ganspace.components import Components
    from gansynth.model import Model
    from renderer.video.timeline import Timeline

log = logging.getLogger(__name__)

# Directions that are the model's own.
AUTO = "auto"
# Fields of a job that are paths.
_PATHS = ("out", "latents", "edits")


@dataclass(frozen=True)
class HallucinationJob:
    """What to hallucinate.

    `times` are the seconds that were given, by name; `pitches` has one for each key point, in place of `pitch`;
    `latents` replaces random key points, and so does `edits`, which lie on `directions` (AUTO: the model's own);
    `conditions` are as in `Model.generate`, `engine` and `precision` as in `gansynth.load`; `video` is made too.

    Raises:
        ValueError: the output is not a .wav, or a number is out of range.
    """

    model: str
    out: Path
    notes: int = 5
    steps: int = 5
    times: dict[str, float] = field(default_factory=dict)
    pitch: int | None = None
    pitches: list[int] = field(default_factory=list)
    seed: int | None = None
    latents: Path | None = None
    edits: Path | None = None
    directions: str | None = None
    conditions: dict[str, ConditionValue] = field(default_factory=dict)
    engine: str = "openvino"
    precision: str = "f32"
    video: Video | None = None

    def __post_init__(self) -> None:
        if self.out.suffix.lower() != ".wav":
            raise ValueError(f"--out must end in .wav, not {self.out.name!r}")
        checks.in_range("--notes", self.notes, 1)
        checks.in_range("--steps", self.steps, 0)
        if self.seed is not None:
            checks.in_range("--seed", self.seed, 0)


def hallucinate(job: HallucinationJob, models: tuple[Path, ...]) -> list[Path]:
    """Write the WAV, and a PNG of the same name beside it; with job.video a video and its manifest too.

    Each file is complete or not there.

    Returns:
        Their paths.

    Raises:
        FileNotFoundError: no such model or latents.
        ValueError: a value breaks a rule; the message says which.
        OSError: the output cannot be written.
    """
    folder = find_model(job.model, models)
    config = gansynth.read_config(folder)
    check(config, job.conditions)
    job = _seeded(job)
    keys = _keys(job, latent_prior.read(config))
    timing, pitch = check_hallucination(config, len(keys), job.steps, job.times, job.pitches or job.pitch)
    note_pitches(pitch, len(keys), job.steps)
    for path in (job.out, job.video.out) if job.video else (job.out,):
        check_writable(path)
    model = families.load(folder, "sound", engine=job.engine, precision=job.precision)
    components, directions = _directions(job, model, models)
    wave = _render(model, components, keys, job, timing, pitch)
    times_s = key_times_s(len(keys), job.steps, timing.spacing)
    picture = keep(job.out, wave, config.sample_rate, times_s)
    if job.video is None:
        return [job.out, picture]
    image_model, done = render(job.video, wave, config.sample_rate, times_s, keys)
    one = pitch if isinstance(pitch, int) else None
    recorded = replace(job, model=str(folder.resolve()), times=asdict(timing), pitch=one, directions=directions)
    return [job.out, picture, job.video.out, _write_manifest(recorded, job.video, image_model, done)]


def keep(path: Path, wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float]) -> Path:
    """Write a hallucination as a WAV, and its picture beside it; a file is complete or not there.

    Returns:
        The picture.

    Raises:
        OSError: they cannot be written.
    """
    from gansynth.audio_plots import save_hallucination

    picture = path.with_suffix(".png")
    with replacing(picture) as part:
        save_hallucination(part, wave, sample_rate, key_times_s)
        wav.write(path, wave, sample_rate)
    return picture


def find_model(name: str, models: tuple[Path, ...]) -> Path:
    """A checkpoint by name among the models folders, or any folder by path.

    Raises:
        FileNotFoundError: neither is there.
    """
    folder = Path(name)
    return folder if folder.is_dir() and len(folder.parts) > 1 else _named(name, folder, models)


def _named(name: str, folder: Path, models: tuple[Path, ...]) -> Path:
    try:
        return locate(name, models)
    except FileNotFoundError:
        if folder.is_dir():
            return folder
        raise


def _seeded(job: HallucinationJob) -> HallucinationJob:
    return job if job.latents or job.edits else replace(job, seed=frame.seed(job.seed))


def _keys(job: HallucinationJob, prior: LatentPrior) -> np.ndarray:
    if job.edits:
        return key_points.read(job.edits, "--edits")
    if job.latents:
        return key_points.read(job.latents, "--latents", prior.latent_size)
    return key_points.drawn(job.notes, prior, job.conditions, job.seed)


def _render(
    model: "Model",
    components: "Components | None",
    keys: np.ndarray,
    job: HallucinationJob,
    timing: Timing,
    pitch: int | list[int],
) -> np.ndarray:
    player, between = (CoordinateModel(model, components), lerp) if components else (model, slerp)
    with show_progress("note", "hallucinating") as progress:
        return render_sound(
            player,
            keys,
            job.steps,
            timing,
            pitch,
            interpolate=between,
            conditions=job.conditions,
            progress=progress,
        )


def _directions(
    job: HallucinationJob, model: "Model", models: tuple[Path, ...]
) -> "tuple[Components | None, str | None]":
    """The directions of a walk and their file: the named ones, or the model's own, computed if there are none yet."""
    if job.edits is None:
        return None, None
    if job.directions in (None, AUTO):
        with show_progress("sample", "finding directions") as progress:
            return ganspace.own(model, progress=progress), str(ganspace.own_file(model).resolve())
    file = Path(str(job.directions))
    found = file if file.is_file() else locate_components(str(job.directions), model.folder, models)
    return ganspace.load(found), str(found.resolve())


def _write_manifest(recorded: HallucinationJob, video: Video, image_model: "ImageModel", done: "Timeline") -> Path:
    """Write the manifest: all parameters, with the defaults that were used."""
    from renderer.video import manifest

    folder = Path(recorded.model)
    sound_model = {"name": folder.name, "folder": recorded.model, "sha256": model_folder.checksum(folder)}
    path = video.out.with_suffix(".json")
    manifest.write(path, record(video, image_model, done, _parameters(recorded), voice=sound_model))
    return path


def _parameters(recorded: HallucinationJob) -> dict[str, Any]:
    paths = {name: path.resolve() for name in _PATHS if (path := getattr(recorded, name)) is not None}
    return {name: value for name, value in vars(recorded).items() if name != "video"} | paths


def repeated(path: Path, out: Path | None = None, video: Path | None = None) -> HallucinationJob:
    """The job that a manifest describes, to make the same again.

    The log warns of a model that has changed since.

    Args:
        path: the manifest.
        out: where the sound goes this time; None: where it was.
        video: the same for the video.

    Raises:
        FileNotFoundError: there is no manifest, or one of the models is missing.
        ValueError: it is not a manifest of `hallu hallucinate`.
    """
    from core import families
    from renderer.video import manifest

    read = manifest.read(path, COMMAND)
    try:
        job = _job_of(read, out, video)
        pictures = Path(read["parameters"]["film"]["pictures"])
        # Checked here, before sounds are computed.
        families.image_description(pictures)
        manifest.warn_of_change(pictures, read["model"])
        if model_folder.checksum(Path(job.model)) != read["voice"]["sha256"]:
            log.warning("%s has changed since", job.model)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not hold the parameters of a hallucination with a video: {error}") from None
    return job


def _job_of(read: dict[str, Any], out: Path | None, video: Path | None) -> HallucinationJob:
    recorded = read["parameters"]
    rendered = recorded["film"]
    video_again = Video(
        video or Path(rendered["out"]),
        Path(rendered["pictures"]),
        tuple(int(one["number"]) for one in read["classes"]),
        rendered["dials"],
        rendered.get("class_contrast", CLASS_CONTRAST_BEFORE),
        rendered.get("shape", {}),
    )
    fields = {name: value for name, value in recorded.items() if name != "film"}
    paths = {name: recorded[name] and Path(recorded[name]) for name in _PATHS}
    return HallucinationJob(**{**fields, **paths, "out": out or paths["out"], "video": video_again})
