"""A loop made into a file: all that `hallu tempo` does between its flags and its files."""

import logging
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from core.files.atomic import replacing
from core.progress import Progress
from core.protocols import ImageModel
from renderer import classes, sound_to_image
from renderer.video import loops, manifest
from renderer.video.loop_files import Gif, Npy
from renderer.video.mp4 import Mp4, Writer
from renderer.video.render import fill, pictures
from renderer.video.shape import mirrored, read_ratio, size_at
from renderer.video.tempo_preset import COMMAND
from renderer.video.tempo_settings import Tempo
from renderer.video.timeline import Timeline

log = logging.getLogger(__name__)

_BEE, _IMAGENET = 309, 1000
SUFFIXES = (".mp4", ".gif", ".npy")


def make(
    settings: Tempo, out: Path, model: Path, painter: ImageModel, batch_size: int = 20, progress: Progress | None = None
) -> list[Path]:
    """Paint a loop.

    Args:
        settings: what it is made of.
        out: .mp4, .gif or .npy (uint8 [frames, height, width, 3]); a manifest goes beside it as .json.
        model: the painter's folder.
        painter: paints it.
        batch_size: pictures at once.
        progress: called with (pictures done, pictures).

    Returns:
        The loop, the manifest.

    Raises:
        ValueError: the loop would jump, a class or an axis is not the model's, or the file is of another kind.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"a loop ends in {', '.join(SUFFIXES)}, not in {out.suffix!r}")
    film, chosen = plan(settings, painter)
    height, width = size_at(painter.size, read_ratio(settings.ratio))
    with replacing(out) as part:
        writer = _writer(part, height, width, film)
        frames = (mirrored(picture, height, width) for picture in pictures(painter, film, batch_size))
        fill(writer, frames, len(film), progress)
    told = replace(settings, classes=tuple(map(str, chosen)))
    painted = manifest.painted(painter, model, out, len(film), film.rate, chosen, (height, width))
    manifest.write(out.with_suffix(".json"), manifest.build(COMMAND, asdict(told), painted))
    return [out, out.with_suffix(".json")]


def plan(settings: Tempo, painter: ImageModel) -> tuple[Timeline, tuple[int, ...]]:
    """The pictures of a loop as numbers, and the classes in it; a random label has none that could be named.

    Raises:
        ValueError: the loop would jump, or a class or an axis is not the model's.
    """
    chosen = () if settings.random_label else _chosen(settings, painter)
    rng = np.random.default_rng([settings.seed, 1])
    drawn = sound_to_image.truncated_normal(rng, (painter.num_classes,), settings.truncation)
    vector = loops.label(
        painter.num_classes, chosen, settings.y_scale, settings.quantize_label, drawn if settings.random_label else None
    )
    frames, rate = loops.frame_count(settings.bpm, settings.num_beats, settings.fps)
    rest = loops.rest_at(settings.seed, painter.z_size, settings.truncation)
    swinging = settings.oscillators(painter.z_size)
    film = loops.loop(swinging, settings.num_beats, frames, rate, rest, vector, settings.truncation)
    return film, chosen


def _chosen(settings: Tempo, painter: ImageModel) -> tuple[int, ...]:
    if settings.classes:
        return classes.find(settings.classes, painter.class_names)
    if not painter.num_classes:
        return ()
    if painter.num_classes == _IMAGENET:
        return (_BEE,)
    return classes.draw(painter.num_classes, np.random.default_rng([settings.seed, 2]), 1)


def _writer(path: Path, height: int, width: int, film: Timeline) -> Writer:
    if path.suffix.lower() == ".mp4":
        return Mp4(path, height, width, film.rate)
    if path.suffix.lower() == ".gif":
        return Gif(path, height, width, film.rate, len(film))
    return Npy(path, height, width, len(film))
