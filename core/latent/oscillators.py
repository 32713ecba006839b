"""Oscillators that move groups of axes of a latent vector in time with the beat, live and in videos.

Source: gan-video-synth. Its ramp is centred here and returns instead of jumping (a saw jumps).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core import checks

Waveform = Callable[[np.ndarray], np.ndarray]

# A ramp rises for this part of its period, and returns in the rest.
_RISE = 0.75
# One period each, 0..1 -> -1..1. Saw, square and pulse jump.
FUNCTIONS: dict[str, Waveform] = {
    "sin": lambda phase: np.sin(2 * np.pi * phase),
    "cos": lambda phase: np.cos(2 * np.pi * phase),
    "ramp": lambda phase: np.interp(phase, [0, _RISE, 1], [-1, 1, -1]),
    "fall": lambda phase: np.interp(phase, [0, _RISE, 1], [1, -1, 1]),
    "saw": lambda phase: 2 * phase - 1,
    "triangle": lambda phase: 1 - 4 * np.abs(phase - 0.5),
    "square": lambda phase: np.where(phase < 0.5, 1.0, -1.0),
    "bounce": lambda phase: 2 * np.abs(np.sin(np.pi * phase)) - 1,
    "pulse": lambda phase: 2 * np.exp(-6 * phase) * (1 - phase) - 1,
}
_NAME = re.compile(r"([a-z]+)(?:\+(0?\.\d+|0))?")


def function(name: str) -> Waveform:
    """A function by name, shifted by part of its period if one is given: "ramp", "sin", "ramp+0.5".

    Raises:
        ValueError: there is no such function.
    """
    match = _NAME.fullmatch(str(name))
    if not match or match[1] not in FUNCTIONS:
        raise ValueError(f"a function is one of {', '.join(FUNCTIONS)}, or with a phase as in sin+0.25; not {name!r}")
    waveform, shift = FUNCTIONS[match[1]], float(match[2] or 0)
    return lambda phase: waveform(np.mod(phase + shift, 1.0))


@dataclass(frozen=True)
class Oscillator:
    """Axes of a latent vector that move together: `magnitude` times a function, with a period in beats.

    Raises:
        ValueError: the period is not above 0, an axis is negative, the magnitude not finite, the function unknown.
    """

    axes: tuple[int, ...]
    magnitude: float
    period: float
    function: str

    def __post_init__(self) -> None:
        checks.above("a period", self.period, 0, unit="beats")
        checks.number("a magnitude", self.magnitude)
        for axis in self.axes:
            checks.in_range("an axis", axis, 0)
        function(self.function)


def offsets(oscillators: Sequence[Oscillator], beats: np.ndarray, z_size: int) -> np.ndarray:
    """What the oscillators add to each axis at some beats [n] (0 is the first): float64 [n, z_size].

    Raises:
        ValueError: an axis is not in the latent vector.
    """
    total = np.zeros((len(beats), z_size))
    for one in oscillators:
        if max(one.axes, default=0) >= z_size:
            raise checks.mismatch("an axis", f"be in 0..{z_size - 1} for this model", max(one.axes))
        # Rounded, so that the end of a period does not become the beginning of the next one.
        phases = np.mod(np.round(np.asarray(beats) / one.period, 9), 1.0)
        total[:, list(one.axes)] += one.magnitude * function(one.function)(phases)[:, None]
    return total
