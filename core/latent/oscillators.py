"""Groups of the noise's axes that swing with the beat, live and in films.

Source: gan-video-synth. Its ramp is centred here and comes back instead of jumping (a saw jumps).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

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
