"""Loops in tempo: groups of the noise's axes that swing with the beat, so that the last picture leads to the first.

Source: gan-video-synth. Its ramp is centred here and comes back instead of jumping (a saw jumps); periods that would
make the loop jump are refused; and the frame rate is a little off what is asked for, so that the loop is exactly as
long as its beats.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from renderer import mapping
from renderer.timeline import Timeline

Shape = Callable[[np.ndarray], np.ndarray]

# A ramp rises for this part of its turn, and comes back in the rest.
_RISE = 0.75
# One turn each, 0..1 -> -1..1. Saw, square and pulse jump.
FUNCTIONS: dict[str, Shape] = {
    "sin": lambda turn: np.sin(2 * np.pi * turn),
    "cos": lambda turn: np.cos(2 * np.pi * turn),
    "ramp": lambda turn: np.interp(turn, [0, _RISE, 1], [-1, 1, -1]),
    "fall": lambda turn: np.interp(turn, [0, _RISE, 1], [1, -1, 1]),
    "saw": lambda turn: 2 * turn - 1,
    "triangle": lambda turn: 1 - 4 * np.abs(turn - 0.5),
    "square": lambda turn: np.where(turn < 0.5, 1.0, -1.0),
    "bounce": lambda turn: 2 * np.abs(np.sin(np.pi * turn)) - 1,
    "pulse": lambda turn: 2 * np.exp(-6 * turn) * (1 - turn) - 1,
}
_NAME = re.compile(r"([a-z]+)(?:\+(0?\.\d+|0))?")


def function(name: str) -> Shape:
    """A function by name, later by a part of its turn if one is given: "ramp", "sin", "ramp+0.5".

    Raises:
        ValueError: there is none of this name.
    """
    match = _NAME.fullmatch(str(name))
    if not match or match[1] not in FUNCTIONS:
        raise ValueError(f"a function is one of {', '.join(FUNCTIONS)}, or with a phase as in sin+0.25; not {name!r}")
    shape, shift = FUNCTIONS[match[1]], float(match[2] or 0)
    return lambda turn: shape(np.mod(turn + shift, 1.0))


@dataclass(frozen=True)
class Oscillator:
    """Axes of the noise that swing together: `magnitude` times a function of a period in beats.

    Raises:
        ValueError: the period is not above 0, an axis is negative, the magnitude not finite, the function unknown.
    """

    axes: tuple[int, ...]
    magnitude: float
    period: float
    function: str

    def __post_init__(self) -> None:
        if not (np.isfinite(self.period) and self.period > 0):
            raise ValueError(f"a period must be above 0 beats, not {self.period:g}")
        if not np.isfinite(self.magnitude):
            raise ValueError(f"a magnitude must be a finite number, not {self.magnitude:g}")
        if any(axis < 0 for axis in self.axes):
            raise ValueError(f"axes count from 0, not {min(self.axes)}")
        function(self.function)


def swing(oscillators: Sequence[Oscillator], beats: np.ndarray, z_size: int) -> np.ndarray:
    """How far all axes are from rest at some beats [n] (0 is the first): float64 [n, z_size].

    Raises:
        ValueError: an axis is not in the noise.
    """
    moved = np.zeros((len(beats), z_size))
    for one in oscillators:
        if max(one.axes, default=0) >= z_size:
            raise ValueError(f"axis {max(one.axes)} is not in the model's noise: 0..{z_size - 1}")
        # What rounding leaves must not turn the end of one turn into the beginning of the next.
        turns = np.mod(np.round(np.asarray(beats) / one.period, 9), 1.0)
        moved[:, list(one.axes)] += one.magnitude * function(one.function)(turns)[:, None]
    return moved


def label(
    num_classes: int, classes: Sequence[int], y_scale: float, quantize: bool, drawn: np.ndarray | None = None
) -> np.ndarray:
    """The class vector of all pictures, float64 [num_classes].

    Classes have the sum y_scale (gan-video-synth: the length, with which several classes overdrive a model); a random
    vector, which has values on both sides of 0, has that length.

    Args:
        num_classes: of the model.
        classes: each gets the same weight, unless `drawn`.
        y_scale: above 0.
        quantize: all or nothing: what is more than half the largest becomes 1, the rest 0, before it is scaled.
        drawn: [num_classes] a random vector in place of the classes.

    Raises:
        ValueError: there are no classes.
    """
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
    noise = rest + swing(oscillators, beats * np.arange(frames) / frames, len(rest))
    used = np.flatnonzero(vector)
    weights = np.broadcast_to(np.float32(vector[used]), (frames, len(used)))
    return Timeline(noise.astype(np.float32), weights, tuple(map(int, used)), rate, truncation)


def rest_at(seed: int, z_size: int, truncation: float) -> np.ndarray:
    """The noise around which a loop of this seed swings, [z]."""
    return mapping.truncated_normal(np.random.default_rng(seed), (z_size,), truncation)
