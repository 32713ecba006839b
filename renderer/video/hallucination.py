"""A hallucination painted along its own key points: what the live renderer shows, for every moment of a film."""

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.audio.blocks import Wave
from core.audio.features import features
from core.progress import Progress
from core.protocols import ImageModel
from renderer import classes as image_classes
from renderer.live.reactive_path import ReactivePath
from renderer.live.settings import Settings
from renderer.live.sounds import PlayedSound
from renderer.video.render import film
from renderer.video.timeline import Timeline

RATE = Fraction(30)
# As live: pictures are a little nearer to the average than a model can go, and sound pushes them a little off the path.
TRUNCATION, JITTER = Settings.truncation, Settings.jitter


def paint(
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
    progress: Progress | None = None,
) -> Timeline:
    """Write a hallucination as an MP4, 30 pictures a second; it is there whole or not at all.

    Args:
        wave: float32 [samples].
        sample_rate: hertz.
        key_times_s: [n] rising: when each key point's note starts.
        keys: [n, size] the sound's key points, latent vectors or edits: the same sound has the same pictures.
        model: paints it.
        path: the .mp4.
        classes: of the model's; none: those that are shown live.
        truncation: how far from the average pictures may be, 0.02..1.
        jitter: how far loudness and onsets push the picture off its path, 0..1.
        progress: as in `video.film`.

    Returns:
        What was painted.

    Raises:
        ValueError: key times and key points do not fit; a dial is out of range; a class is not the model's.
        OSError: the file cannot be written.
    """
    # Checked as they are live.
    Settings(truncation=truncation, jitter=jitter, classes=tuple(classes))
    chosen = tuple(classes) or image_classes.default(model.num_classes)
    what = plan(heard(wave, sample_rate, key_times_s, keys), model, chosen, truncation, jitter)
    film(path, model, what, Wave(wave, sample_rate), progress=progress)
    return what


def heard(wave: np.ndarray, sample_rate: int, key_times_s: Sequence[float], keys: np.ndarray) -> PlayedSound:
    """A hallucination as the live renderer knows it."""
    ear = features(wave, sample_rate)
    times = np.asarray(key_times_s, np.float64)
    return PlayedSound("film", len(wave) / sample_rate, times, np.asarray(keys), ear.loudness, ear.onsets, ear.chroma)


def plan(sound: PlayedSound, model: ImageModel, classes: tuple[int, ...], truncation: float, jitter: float) -> Timeline:
    """The numbers of all pictures of a sound.

    Raises:
        ValueError: a class is not the model's.
    """
    if not all(0 <= one < model.num_classes for one in classes):
        raise ValueError(f"classes must be in 0..{model.num_classes - 1}, not {list(classes)}")
    way = ReactivePath(sound, model.z_size, classes, model.num_classes)
    frames = max(1, math.ceil(sound.duration_s * RATE))
    noise = np.empty((frames, model.z_size), np.float32)
    weights = np.empty((frames, len(classes)), np.float32)
    for frame in range(frames):
        point = way.at(frame / float(RATE), jitter)
        noise[frame], weights[frame] = truncation * point.noise, point.weights[list(classes)]
    return Timeline(noise, weights, classes, RATE, truncation)
