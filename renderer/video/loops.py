"""Loops in tempo: oscillators bring the last frame back to the first.

Source: gan-video-synth. Periods that would make the loop jump are refused, and the frame rate is a little off what is
asked for, so that the loop is exactly as long as its beats.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from core.latent.oscillators import Oscillator, offsets
from core.latent.truncated_normal import truncated_normal
from renderer.video.timeline import Timeline


def label(
    num_classes: int, classes: Sequence[int], y_scale: float, quantize: bool, drawn: np.ndarray | None = None
) -> np.ndarray:
    """The class vector of all frames, float64 [num_classes].

    The weights of classes add up to y_scale (gan-video-synth scales their norm, so several classes overdrive a model).
    Of a random vector, which has values on both sides of 0, y_scale is the norm.

    Args:
        num_classes: of the model; 0: the vector is empty.
        classes: each gets the same weight, unless `drawn`.
        y_scale: above 0.
        quantize: values above half the largest become 1, all others 0, before scaling.
        drawn: [num_classes] a random vector that replaces the classes.

    Raises:
        ValueError: there are no classes.
    """
    if not num_classes:
        return np.zeros(0)
    if drawn is None and not len(classes):
        raise ValueError("at least one class is needed")
    vector = np.zeros(num_classes)
    vector[list(classes)] = 1.0
    vector = vector if drawn is None else np.asarray(drawn, np.float64)
    if quantize:
        vector = (np.abs(vector) > 0.5 * np.abs(vector).max()).astype(np.float64)
    return y_scale * vector / (np.sum(vector) if drawn is None else np.linalg.norm(vector))


def check_seamless(oscillators: Sequence[Oscillator], beats: int) -> None:
    """Check that each oscillator ends a turn with the loop.

    Raises:
        ValueError: the beats are not a whole number of periods.
    """
    for one in oscillators:
        turns = beats / one.period
        if abs(turns - round(turns)) > 1e-9 or round(turns) < 1:
            raise ValueError(
                f"a period of {one.period:g} beats does not go into {beats} beats a whole number of times: "
                "the loop would jump"
            )


def frame_count(bpm: float, beats: int, fps: float) -> tuple[int, Fraction]:
    """Frames of a loop, and the frame rate (near fps) that makes it exactly as long as its beats."""
    length_s = Fraction(60 * beats) / Fraction(str(bpm))
    frames = max(1, round(length_s * Fraction(str(fps))))
    return frames, (frames / length_s).limit_denominator(100_000)


def loop(
    oscillators: Sequence[Oscillator],
    beats: int,
    frames: int,
    rate: Fraction,
    rest: np.ndarray,
    vector: np.ndarray,
    truncation: float = 1.0,
) -> Timeline:
    """The inputs of a loop's frames; the frame after the last would be the first again.

    Args:
        oscillators: move the axes of z.
        beats: length of the loop.
        frames: of the loop.
        rate: frames per second.
        rest: [z] the centre of the movement.
        vector: [classes] see `label`.
        truncation: of the model.

    Raises:
        ValueError: the loop would jump, or an axis is not one of z.
    """
    check_seamless(oscillators, beats)
    noise = rest + offsets(oscillators, beats * np.arange(frames) / frames, len(rest))
    used = np.flatnonzero(vector)
    weights = np.broadcast_to(np.float32(vector[used]), (frames, len(used)))
    return Timeline(noise.astype(np.float32), weights, tuple(map(int, used)), rate, truncation)


def rest_at(seed: int, z_size: int, truncation: float) -> np.ndarray:
    """The centre of the movement of a loop with this seed, [z]."""
    return truncated_normal(np.random.default_rng(seed), (z_size,), truncation)
