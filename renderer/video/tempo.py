"""Render a loop into a file: what `hallu tempo` does between its flags and its files."""

import logging
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from core.files.atomic import check_writable, replacing
from core.latent.truncated_normal import truncated_normal
from core.progress import Progress
from core.protocols import ImageModel
from renderer import classes
from renderer.video import loops, manifest
from renderer.video.loop_files import Gif, Npy
from renderer.video.mp4 import Mp4, Writer
from renderer.video.render import frames, write_frames
from renderer.video.tempo_preset import COMMAND
from renderer.video.tempo_settings import Tempo
from renderer.video.timeline import Timeline

log = logging.getLogger(__name__)

_BEE, _IMAGENET = 309, 1000
SUFFIXES = (".mp4", ".gif", ".npy")


def make(
    settings: Tempo, out: Path, folder: Path, model: ImageModel, batch_size: int = 20, progress: Progress | None = None
) -> list[Path]:
    """Render a loop.

    Args:
        settings: its parameters.
        out: .mp4, .gif or .npy (uint8 [frames, height, width, 3]); a manifest goes beside it as .json.
        folder: of the model.
        model: renders it.
        batch_size: frames handed to the model at once.
        progress: called with (frames done, frames).

    Returns:
        The loop, the manifest.

    Raises:
        ValueError: the loop would jump, a class or an axis is not the model's, or the suffix of `out` is another one.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"a loop ends in {', '.join(SUFFIXES)}, not in {out.suffix!r}")
    check_writable(out)
    timeline, chosen = timeline_of(settings, model)
    height, width = settings.shape.at(model.size)
    with replacing(out) as part:
        writer = _writer(part, height, width, timeline)
        write_frames(writer, frames(model, timeline, batch_size, settings.shape), len(timeline), progress)
    used = replace(settings, classes=tuple(map(str, chosen)))
    video = manifest.video_record(model, folder, out, len(timeline), timeline.rate, chosen, (height, width))
    manifest.write(out.with_suffix(".json"), manifest.build(COMMAND, asdict(used), video))
    return [out, out.with_suffix(".json")]


def timeline_of(settings: Tempo, model: ImageModel) -> tuple[Timeline, tuple[int, ...]]:
    """The inputs of a loop's frames, and the numbers of its classes; none for a random class vector.

    Raises:
        ValueError: the loop would jump, or a class or an axis is not the model's.
    """
    chosen = () if settings.random_label else _chosen(settings, model)
    rng = np.random.default_rng([settings.seed, 1])
    drawn = truncated_normal(rng, (model.num_classes,), settings.truncation)
    vector = loops.label(
        model.num_classes, chosen, settings.y_scale, settings.quantize_label, drawn if settings.random_label else None
    )
    count, rate = loops.frame_count(settings.bpm, settings.num_beats, settings.fps)
    rest = loops.rest_at(settings.seed, model.z_size, settings.truncation)
    swinging = settings.oscillators(model.z_size)
    timeline = loops.loop(swinging, settings.num_beats, count, rate, rest, vector, settings.truncation)
    return timeline, chosen


def _chosen(settings: Tempo, model: ImageModel) -> tuple[int, ...]:
    if settings.classes:
        return classes.find(settings.classes, model.class_names)
    if not model.num_classes:
        return ()
    if model.num_classes == _IMAGENET:
        return (_BEE,)
    return classes.draw(model.num_classes, np.random.default_rng([settings.seed, 2]), 1)


def _writer(path: Path, height: int, width: int, timeline: Timeline) -> Writer:
    if path.suffix.lower() == ".mp4":
        return Mp4(path, height, width, timeline.rate)
    if path.suffix.lower() == ".gif":
        return Gif(path, height, width, timeline.rate, len(timeline))
    return Npy(path, height, width, len(timeline))
