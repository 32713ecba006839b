"""From sound to the inputs of frames: pure steps (state, sound -> state), one per frame, the same offline and live.

Loudness and onsets move the noise; chroma moves the classes. Source: the Deep Music Visualizer and the BigGAN Audio
Visualizer, with their faults corrected: the classes are a leaky average of the chroma, the noise stays within its
bounds, and nothing is modified in place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core import checks
from core.latent.truncated_normal import BOUND

PITCHES = 12
# The noise stays within this, times the truncation.
REACH = BOUND
# New random jitter is drawn after this many frames.
JITTER_FRAMES = 200
# A step is a quarter of what the sound drives and three quarters of the previous step.
_MOMENTUM = 0.75
# In videos of songs levels are raised to this power, because a mean of many classes looks like none of them. Measured:
# `python -m bench.mixtures`; in version 0.1 it was 3.
CLASS_CONTRAST = 12.0
# How clearly a key point belongs to one class.
_DECIDED = 7.0
# With this many classes or more the weakest is lowered to 0, so that the others differ more.
_STRETCHED_FROM = 7


class Walk(NamedTuple):
    """State of the moving noise: its values, the direction of each (1 or -1), and the last step; each float [z]."""

    noise: np.ndarray
    direction: np.ndarray
    momentum: np.ndarray


def start(noise: np.ndarray) -> Walk:
    """The state at rest at `noise` [z], with directions towards 0."""
    noise = np.asarray(noise, np.float64)
    return Walk(noise, np.where(noise < 0, 1.0, -1.0), np.zeros_like(noise))


def jitter_at(frame: int, jitter: float, z_size: int, seed: int) -> np.ndarray:
    """Random factor of each value's step at a frame, [z]: 1 or 1 - `jitter` (0..1), so that with 0 all are equal."""
    rng = np.random.default_rng([seed, frame // JITTER_FRAMES])
    return 1.0 - jitter * rng.integers(0, 2, z_size)


def step(walk: Walk, drive: float, pace: float, jitter: np.ndarray, bound: float) -> Walk:
    """Move the noise by the sound of one frame.

    Args:
        walk: the state before.
        drive: onset plus loudness, 0..2; at 0 the noise comes to rest.
        pace: the step for a drive of 1.
        jitter: [z], see `jitter_at`.
        bound: the largest absolute value; near it, values reverse their direction.
    """
    move = _MOMENTUM * walk.momentum + (1 - _MOMENTUM) * pace * drive * walk.direction * jitter
    beyond = walk.noise + move
    noise = fold(beyond, bound)
    edge = bound - min(pace, bound / 2)
    direction = np.where(noise >= edge, -1.0, np.where(noise < -edge, 1.0, walk.direction))
    return Walk(noise, direction, np.where(noise == beyond, move, -move))


def fold(values: np.ndarray, bound: float) -> np.ndarray:
    """Reflect values at -bound and bound; those inside stay as they are."""
    values = np.asarray(values)
    phase = np.mod(values + bound, 4 * bound)
    mirrored = np.where(phase > 2 * bound, 3 * bound - phase, phase - bound)
    return np.where(np.abs(values) <= bound, values, mirrored)


def pitch_rows(order: Sequence[int] | np.ndarray, count: int, by_power: bool = False) -> np.ndarray:
    """The pitch that moves each of `count` classes, int [count].

    Args:
        order: the twelve pitches, the strongest first.
        count: 1..12; the strongest pitches are taken.
        by_power: the first class belongs to the strongest pitch; otherwise the classes form a chromatic scale.

    Raises:
        ValueError: count is out of range.
    """
    checks.whole("the number of classes", count, 1, PITCHES)
    strongest = np.asarray(order)[:count]
    return strongest if by_power else np.sort(strongest)


def blend(levels: np.ndarray, chroma: np.ndarray, frames: float) -> np.ndarray:
    """Move the classes by the pitches of one frame: a leaky average over about `frames` frames.

    Args:
        levels: float [classes].
        chroma: float [classes], each class's pitch, 0..1. In silence (all 0) the classes stay.
        frames: the time constant, above 0.
    """
    if not np.any(chroma):
        return levels
    return (levels + chroma / frames) / (1.0 + 1.0 / frames)


def class_weights(levels: np.ndarray, depth: float = 1.0, mix: str = "blend", contrast: float = 1.0) -> np.ndarray:
    """Weights of the classes in a frame, float [classes].

    With seven classes or more the weakest gets 0. If all levels are equal, the first class dominates.

    Args:
        levels: float [classes], see `blend`.
        depth: scale of the weights.
        mix: "blend": the weights add up to depth, and the strongest dominate; the image is between images that the
            model has learned. "peak": the strongest class has the weight depth, independent of the others; twelve
            classes can overdrive a model, as in the BigGAN Audio Visualizer.
        contrast: of "blend": the power of the levels; 1: in proportion, 12: nearly always one class.
    """
    levels = np.asarray(levels, np.float64)
    if np.ptp(levels) < 1e-7:
        levels = levels + 0.01 * (np.arange(len(levels)) == 0)
    low = levels.min() if len(levels) >= _STRETCHED_FROM else 0.0
    weights = (levels - low) / (levels.max() - low)
    if mix == "blend":
        weights = weights**contrast / np.sum(weights**contrast)
    return depth * weights


def dense(weights: np.ndarray, classes: Sequence[int], num_classes: int) -> np.ndarray:
    """Class vectors float32 [n, num_classes] from weights [n, k] of k classes; all other entries are exactly 0."""
    vectors = np.zeros((len(weights), num_classes), np.float32)
    vectors[:, list(classes)] = weights
    return vectors


def projection(sound_size: int, z_size: int) -> np.ndarray:
    """The fixed projection of a sound's latent vector to an image's noise, float64 [sound_size, z_size].

    Its columns (or rows, if the sound's vector is shorter) are orthogonal, so that normal values stay normal and
    similar sounds have similar images. It depends on the two sizes alone: the same sound has the same image.
    """
    rng = np.random.default_rng([sound_size, z_size])
    large, small = max(sound_size, z_size), min(sound_size, z_size)
    basis, _ = np.linalg.qr(rng.standard_normal((large, small)))
    # The variance of fewer values is spread over more.
    return basis if sound_size >= z_size else basis.T * np.sqrt(z_size / sound_size)


def image_keys(sound_keys: np.ndarray, z_size: int) -> np.ndarray:
    """Noise of a sound's key points: [n, sound_size] -> float64 [n, z_size], within two standard deviations."""
    keys = np.asarray(sound_keys, np.float64)
    return np.clip(keys @ projection(keys.shape[1], z_size), -REACH, REACH)


def class_keys(sound_keys: np.ndarray, count: int) -> np.ndarray:
    """Class weights of a sound's key points: [n, sound_size] -> float64 [n, count]; each row has the sum 1.

    Mostly one class, with a little of others; like `image_keys`, they depend on the sound alone.
    """
    if not count:
        return np.zeros((len(sound_keys), 0))
    keys = np.asarray(sound_keys, np.float64)
    scores = _DECIDED * (keys @ projection(keys.shape[1], count))
    # Relative to the largest, so that distant key points do not overflow.
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
