"""From sound to the inputs of frames: pure steps (state, sound -> state), one per frame, the same offline and live.

Loudness and onsets move the noise; chroma moves the classes. Source: the Deep Music Visualizer and the BigGAN Audio
Visualizer, with their faults mended: the classes are a leaky average of the chroma, the noise stays within its bounds,
and nothing is changed in place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core import checks
from core.latent.truncated_normal import BOUND

PITCHES = 12
# The noise stays within this, times the truncation.
REACH = BOUND
# The jitter of the noise is drawn anew after this many pictures.
JITTER_FRAMES = 200
# A step is a quarter of what the sound asks for and three quarters of the step before it.
_MOMENTUM = 0.75
# Levels are raised to this power, for a mean of many classes looks like none of them.
_CONTRAST = 3
# How clearly a key point belongs to one class.
_DECIDED = 7.0
# With this many classes or more the weakest is drawn down to 0, so that the others are told apart.
_STRETCHED_FROM = 7


class Walk(NamedTuple):
    """Where the noise is, which way each of its values goes (1 or -1), and its last step; each float [z]."""

    noise: np.ndarray
    direction: np.ndarray
    momentum: np.ndarray


def start(noise: np.ndarray) -> Walk:
    """At rest at `noise` [z], about to go towards 0."""
    noise = np.asarray(noise, np.float64)
    return Walk(noise, np.where(noise < 0, 1.0, -1.0), np.zeros_like(noise))


def jitter_at(frame: int, jitter: float, z_size: int, seed: int) -> np.ndarray:
    """How far each value goes at a picture, [z]: all the way, or that less `jitter` (0..1), by lot; 0: all alike."""
    rng = np.random.default_rng([seed, frame // JITTER_FRAMES])
    return 1.0 - jitter * rng.integers(0, 2, z_size)


def step(walk: Walk, drive: float, pace: float, jitter: np.ndarray, bound: float) -> Walk:
    """Let the sound move the noise for one picture.

    Args:
        walk: where the noise is.
        drive: onset plus loudness, 0..2; at 0 the noise comes to rest.
        pace: how far a drive of 1 goes.
        jitter: [z], see `jitter_at`.
        bound: |noise| stays within it; near it, values turn round.
    """
    move = _MOMENTUM * walk.momentum + (1 - _MOMENTUM) * pace * drive * walk.direction * jitter
    beyond = walk.noise + move
    noise = fold(beyond, bound)
    edge = bound - min(pace, bound / 2)
    direction = np.where(noise >= edge, -1.0, np.where(noise < -edge, 1.0, walk.direction))
    return Walk(noise, direction, np.where(noise == beyond, move, -move))


def fold(values: np.ndarray, bound: float) -> np.ndarray:
    """Values as between two mirrors at -bound and bound: what lies within stays as it is."""
    values = np.asarray(values)
    there = np.mod(values + bound, 4 * bound)
    mirrored = np.where(there > 2 * bound, 3 * bound - there, there - bound)
    return np.where(np.abs(values) <= bound, values, mirrored)


def pitch_rows(order: Sequence[int] | np.ndarray, count: int, by_power: bool = False) -> np.ndarray:
    """Which pitch moves each of `count` classes, int [count].

    Args:
        order: the twelve pitches, the strongest first.
        count: 1..12; the strongest pitches are taken.
        by_power: the first class goes with the strongest pitch; else the classes are a chromatic scale.

    Raises:
        ValueError: there are not that many pitches.
    """
    checks.whole("the number of classes", count, 1, PITCHES)
    strongest = np.asarray(order)[:count]
    return strongest if by_power else np.sort(strongest)


def blend(levels: np.ndarray, chroma: np.ndarray, frames: float) -> np.ndarray:
    """Let the pitches move the classes for one picture: a leaky average over about `frames` pictures.

    Args:
        levels: float [classes].
        chroma: float [classes], each class's pitch, 0..1. In silence (all 0) the classes stay.
        frames: the time constant, above 0.
    """
    if not np.any(chroma):
        return levels
    return (levels + chroma / frames) / (1.0 + 1.0 / frames)


def class_weights(levels: np.ndarray, depth: float = 1.0, mix: str = "blend") -> np.ndarray:
    """What the picture is made of, float [classes].

    From seven classes on the weakest gets 0. Where no class stands out, the first does.

    Args:
        levels: float [classes], see `blend`.
        depth: how much of classes there is.
        mix: "blend": the weights have the sum depth, the strongest stand out; the picture lies between those that
            the model has learned. "peak": the strongest class has the weight depth, whatever the others have; twelve
            of them overdrive a model, as the BigGAN Audio Visualizer does.
    """
    levels = np.asarray(levels, np.float64)
    if np.ptp(levels) < 1e-7:
        levels = levels + 0.01 * (np.arange(len(levels)) == 0)
    low = levels.min() if len(levels) >= _STRETCHED_FROM else 0.0
    weights = (levels - low) / (levels.max() - low)
    if mix == "blend":
        weights = weights**_CONTRAST / np.sum(weights**_CONTRAST)
    return depth * weights


def dense(weights: np.ndarray, classes: Sequence[int], num_classes: int) -> np.ndarray:
    """Class vectors float32 [n, num_classes] from weights [n, k] of k classes; all other entries are exactly 0."""
    vectors = np.zeros((len(weights), num_classes), np.float32)
    vectors[:, list(classes)] = weights
    return vectors


def projection(sound_size: int, z_size: int) -> np.ndarray:
    """The fixed way from a sound's latent vector to a picture's noise, float64 [sound_size, z_size].

    Its columns (or rows, where the sound's are fewer) are at right angles, so that normal values stay normal and what
    is near in sound is near in the picture. It depends on the two sizes alone: the same sound has the same picture.
    """
    rng = np.random.default_rng([sound_size, z_size])
    large, small = max(sound_size, z_size), min(sound_size, z_size)
    basis, _ = np.linalg.qr(rng.standard_normal((large, small)))
    # Fewer values of sound spread their variance over more of noise.
    return basis if sound_size >= z_size else basis.T * np.sqrt(z_size / sound_size)


def image_keys(sound_keys: np.ndarray, z_size: int) -> np.ndarray:
    """Noise for a sound's key points: [n, sound_size] -> float64 [n, z_size], within two standard deviations."""
    keys = np.asarray(sound_keys, np.float64)
    return np.clip(keys @ projection(keys.shape[1], z_size), -REACH, REACH)


def class_keys(sound_keys: np.ndarray, count: int) -> np.ndarray:
    """What a sound's key points are pictures of: [n, sound_size] -> float64 [n, count], each row of sum 1.

    Mostly one class, others a little; like `image_keys` it depends on the sound alone.
    """
    if not count:
        return np.zeros((len(sound_keys), 0))
    keys = np.asarray(sound_keys, np.float64)
    places = _DECIDED * (keys @ projection(keys.shape[1], count))
    # Against the largest, so that far-off key points do not overflow.
    likes = np.exp(places - places.max(axis=1, keepdims=True))
    return likes / likes.sum(axis=1, keepdims=True)
