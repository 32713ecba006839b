"""Loops in tempo: what swings brings the last picture back to the first.

Source: gan-video-synth. Periods that would make the loop jump are refused, and the frame rate is a little off what is
asked for, so that the loop is exactly as long as its beats.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from core.latent.oscillators import Oscillator, offsets
from renderer import sound_to_image
from renderer.video.timeline import Timeline


def label(
    num_classes: int, classes: Sequence[int], y_scale: float, quantize: bool, drawn: np.ndarray | None = None
) -> np.ndarray:
    """The class vector of all pictures, float64 [num_classes].

    Classes have the sum y_scale (gan-video-synth: the length, with which several classes overdrive a model); a random
    vector, which has values on both sides of 0, has that length.

    Args:
        num_classes: of the model; 0: the vector is empty.
        classes: each gets the same weight, unless `drawn`.
        y_scale: above 0.
        quantize: all or nothing: what is more than half the largest becomes 1, the rest 0, before it is scaled.
        drawn: [num_classes] a random vector in place of the classes.

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
    """See that each turn ends with the loop.

    Raises:
        ValueError: a period does not go into the beats a whole number of times.
    """
    for one in oscillators:
        turns = beats / one.period
        if abs(turns - round(turns)) > 1e-9 or round(turns) < 1:
            raise ValueError(
                f"a period of {one.period:g} beats does not go into {beats} beats a whole number of times: "
                "the loop would jump"
            )


def frame_count(bpm: float, beats: int, fps: float) -> tuple[int, Fraction]:
    """Pictures of a loop, and pictures a second (near fps) that make it exactly as long as its beats."""
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
    """All pictures of a loop; the one after the last would be the first again.

    Args:
        oscillators: what swings.
        beats: length of the loop.
        frames: pictures of the loop.
        rate: pictures a second.
        rest: [z] the noise around which it swings.
        vector: [classes] see `label`.
        truncation: of the model.

    Raises:
        ValueError: the loop would jump, or an axis is not in the noise.
    """
    check_seamless(oscillators, beats)
    noise = rest + offsets(oscillators, beats * np.arange(frames) / frames, len(rest))
    used = np.flatnonzero(vector)
    weights = np.broadcast_to(np.float32(vector[used]), (frames, len(used)))
    return Timeline(noise.astype(np.float32), weights, tuple(map(int, used)), rate, truncation)


def rest_at(seed: int, z_size: int, truncation: float) -> np.ndarray:
    """The noise around which a loop of this seed swings, [z]."""
    return sound_to_image.truncated_normal(np.random.default_rng(seed), (z_size,), truncation)
