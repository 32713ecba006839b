"""`hallu hallucinate`: a hallucination to a WAV file, a picture of it and a film, without a server."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ganspace
import gansynth
from core.audio import wav
from core.files.atomic import replacing
from core.latent.interpolation import lerp, slerp
from core.latent.key_path import key_times_s
from core.progress import show_progress
from ganspace.edited_models import CoordinateModel
from gansynth.checkpoint import checksum
from gansynth.conditions import Value, check
from gansynth.hallucination import Timing
from gansynth.hallucination import hallucinate as render
from scripts.flags.video import seed_of
from scripts.shared import key_points
from scripts.shared.hallucination_video import COMMAND, Film, paint, record
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
# What of a wish is a path.
_PLACES = ("out", "latents", "edits")


@dataclass(frozen=True)
class HallucinationJob:
    """What to hallucinate.

    `times` are the seconds that were given, by name; `latents` replaces random key points, and so does `edits`, which
    lie on `directions` (AUTO: the model's own); `conditions` are as in `Model.generate`; `film` is painted too.

    Raises:
        ValueError: the output is no .wav, or a number is out of range.
    """

    model: str
    out: Path
    notes: int = 5
    steps: int = 5
    times: dict[str, float] = field(default_factory=dict)
    pitch: int | None = None
    seed: int | None = None
    latents: Path | None = None
    edits: Path | None = None
    directions: str | None = None
    conditions: dict[str, Value] = field(default_factory=dict)
    film: Film | None = None

    def __post_init__(self) -> None:
        if self.out.suffix.lower() != ".wav":
            raise ValueError(f"--out must end in .wav, not {self.out.name!r}")
        if self.notes < 1 or self.steps < 0:
            raise ValueError(f"--notes must be at least 1 and --steps at least 0, not {self.notes} and {self.steps}")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"--seed must not be negative, not {self.seed}")


def hallucinate(wish: HallucinationJob, models: tuple[Path, ...]) -> list[Path]:
    """Write the WAV, and a PNG of the same name beside it; and the film, and its manifest beside it.

    Each is there whole or not at all.

    Returns:
        Their paths.

    Raises:
        FileNotFoundError: no such model or latents.
        ValueError: a value breaks a rule; the message says which.
        OSError: the output cannot be written.
    """
    folder = find_model(wish.model, models)
    config = gansynth.read_config(folder)
    check(config, wish.conditions)
    wish = _seeded(wish)
    keys = _keys(wish, config.latent_size)
    timing, pitch = check_hallucination(config, len(keys), wish.steps, wish.times, wish.pitch)
    for path in (wish.out, wish.film.out) if wish.film else (wish.out,):
        path.parent.mkdir(parents=True, exist_ok=True)
    model = gansynth.load(folder)
    components, directions = _directions(wish, model, models)
    wave = _render(model, components, keys, wish, timing, pitch)
    times_s = key_times_s(len(keys), wish.steps, timing.spacing)
    picture = keep(wish.out, wave, config.sample_rate, times_s)
    if wish.film is None:
        return [wish.out, picture]
    painter, done = paint(wish.film, wave, config.sample_rate, times_s, keys)
    told = replace(wish, model=str(folder.resolve()), times=asdict(timing), pitch=pitch, directions=directions)
    return [wish.out, picture, wish.film.out, _tell(told, wish.film, painter, done)]


def keep(path: Path, wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float]) -> Path:
    """Write a hallucination as a WAV, and its picture beside it, which is returned; each is there whole or not at all.

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


def _seeded(wish: HallucinationJob) -> HallucinationJob:
    return wish if wish.latents or wish.edits else replace(wish, seed=seed_of(wish.seed))


def _keys(wish: HallucinationJob, latent_size: int) -> np.ndarray:
    if wish.edits:
        return key_points.read(wish.edits, "--edits")
    if wish.latents:
        return key_points.read(wish.latents, "--latents", latent_size)
    return key_points.drawn(wish.notes, latent_size, wish.seed)


def _render(
    model: "Model",
    components: "Components | None",
    keys: np.ndarray,
    wish: HallucinationJob,
    timing: Timing,
    pitch: int,
) -> np.ndarray:
    player, between = (CoordinateModel(model, components), lerp) if components else (model, slerp)
    with show_progress("note", "hallucinating") as progress:
        return render(
            player, keys, wish.steps, timing, pitch, interpolate=between, conditions=wish.conditions, progress=progress
        )


def _directions(
    wish: HallucinationJob, model: "Model", models: tuple[Path, ...]
) -> "tuple[Components | None, str | None]":
    """The directions of a walk, and their file; the model's own if none are named, found where there are none yet."""
    if wish.edits is None:
        return None, None
    if wish.directions in (None, AUTO):
        with show_progress("sample", "finding directions") as progress:
            return ganspace.own(model, progress=progress), str(ganspace.own_file(model).resolve())
    file = Path(str(wish.directions))
    found = file if file.is_file() else locate_components(str(wish.directions), model.config.folder, models)
    return ganspace.load(found), str(found.resolve())


def _tell(told: HallucinationJob, film: Film, painter: "ImageModel", done: "Timeline") -> Path:
    """Write the manifest: all that was given, and what was taken for the rest."""
    from renderer.video import manifest

    folder = Path(told.model)
    voice = {"name": folder.name, "folder": told.model, "sha256": checksum(folder)}
    path = film.out.with_suffix(".json")
    manifest.write(path, record(film, painter, done, _parameters(told), voice=voice))
    return path


def _parameters(told: HallucinationJob) -> dict[str, Any]:
    places = {name: path.resolve() for name in _PLACES if (path := getattr(told, name)) is not None}
    return {name: value for name, value in vars(told).items() if name != "film"} | places


def repeated(path: Path, out: Path | None = None, film: Path | None = None) -> HallucinationJob:
    """The wish of a manifest, to make the same again.

    A model that is not what it was is told in the log.

    Args:
        path: the manifest.
        out: where the sound goes this time; None: where it was.
        film: the same for the film.

    Raises:
        FileNotFoundError: there is no manifest, or one of the models is gone.
        ValueError: it is no manifest of `hallu hallucinate`.
    """
    from core import families
    from renderer.video import manifest

    read = manifest.read(path, COMMAND)
    try:
        wish = _wish_of(read, out, film)
        pictures = Path(read["parameters"]["film"]["pictures"])
        # Found here, before sounds are made.
        families.image_description(pictures)
        manifest.warn_of_change(pictures, read["model"])
        if checksum(Path(wish.model)) != read["voice"]["sha256"]:
            log.warning("%s is not the model that it was", wish.model)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not hold the parameters of a film: {error}") from None
    return wish


def _wish_of(read: dict[str, Any], out: Path | None, film: Path | None) -> HallucinationJob:
    told = read["parameters"]
    pictures = told["film"]
    painted = Film(
        film or Path(pictures["out"]),
        Path(pictures["pictures"]),
        tuple(int(one["number"]) for one in read["classes"]),
        pictures["dials"],
    )
    places = {name: told[name] and Path(told[name]) for name in _PLACES}
    return HallucinationJob(**{**told, **places, "out": out or places["out"], "film": painted})
