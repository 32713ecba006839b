"""The video of a hallucination along its own key points: at every moment, what the live renderer shows."""

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from core import checks
from core.audio.blocks import Wave
from core.audio.features import features
from core.progress import Progress
from core.protocols import ImageModel
from renderer import classes as image_classes
from renderer.live.reactive_path import CLASS_CONTRAST, ReactivePath
from renderer.live.settings import Settings
from renderer.live.sounds import PlayedSound
from renderer.video.render import write_video
from renderer.video.shape import Shape
from renderer.video.timeline import Timeline

RATE = Fraction(30)
# As live: frames are a little nearer to the average than a model can go, and sound pushes them a little off the path.
TRUNCATION, JITTER = Settings.truncation, Settings.jitter


def render_video(
    wave: np.ndarray,
    sample_rate: int,
    key_times_s: Sequence[float],
    keys: np.ndarray,
    model: ImageModel,
    path: Path,
    *,
    classes: Sequence[int] = (),
    truncation: float = TRUNCATION,
    jitter: float = JITTER,
    class_contrast: float = CLASS_CONTRAST,
    progress: Progress | None = None,
    shape: Shape | None = None,
) -> Timeline:
    """Render the video of a hallucination, an MP4 of 30 frames per second; it is there complete or not at all.

    Args:
        wave: float32 [samples].
        sample_rate: in Hz.
        key_times_s: [n] rising: when each key point's note starts.
        keys: [n, size] the sound's key points, latent vectors or edits: the same sound gives the same frames.
        model: renders the frames.
        path: the .mp4.
        classes: numbers of the model's classes; none: those that are shown live by default.
        truncation: how far from the average frames may be, 0.02..1.
        jitter: how far loudness and onsets push the frames off their path, 0..1.
        class_contrast: how clearly one class stands out, see `ReactivePath`.
        progress: as in `render.write_video`.
        shape: of the frames; None: as rendered.

    Returns:
        The inputs of all frames.

    Raises:
        ValueError: key times and key points do not fit; a setting is out of range; a class is not the model's.
        OSError: the file cannot be written.
    """
    # Checked as they are live.
    Settings(truncation=truncation, jitter=jitter, classes=tuple(classes))
    chosen = tuple(classes) or image_classes.default(model.num_classes)
    sound = played_sound(wave, sample_rate, key_times_s, keys)
    timeline = timeline_of(sound, model, chosen, truncation, jitter, class_contrast)
    write_video(path, model, timeline, Wave(wave, sample_rate), progress=progress, shape=shape)
    return timeline


def played_sound(wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float], keys: np.ndarray) -> PlayedSound:
    """A hallucination as the live renderer receives it."""
    found = features(wave, sample_rate)
    times = np.asarray(key_times_s, np.float64)
    duration_s = len(wave) / sample_rate
    return PlayedSound("film", duration_s, times, np.asarray(keys), found.loudness, found.onsets, found.chroma)


def timeline_of(
    sound: PlayedSound,
    model: ImageModel,
    classes: tuple[int, ...],
    truncation: float,
    jitter: float,
    class_contrast: float = CLASS_CONTRAST,
) -> Timeline:
    """The inputs of all frames of a sound's video.

    Raises:
        ValueError: a class is not the model's.
    """
    for number in classes:
        checks.in_range("classes", number, 0, model.num_classes - 1)
    path = ReactivePath(sound, model.z_size, classes, model.num_classes, class_contrast)
    frames = max(1, math.ceil(sound.duration_s * RATE))
    noise = np.empty((frames, model.z_size), np.float32)
    weights = np.empty((frames, len(classes)), np.float32)
    for frame in range(frames):
        point = path.at(frame / float(RATE), jitter)
        noise[frame], weights[frame] = truncation * point.z, point.class_weights[list(classes)]
    return Timeline(noise, weights, classes, RATE, truncation)
