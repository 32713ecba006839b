"""What a player may set, frozen and checked."""

import math
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from core.latent.oscillators import Oscillator

MODES = ("follow", "tempo", "free")
MAX_CLASSES = 64
MAX_OSCILLATORS = 16
MAX_EDITS, FARTHEST_EDIT = 1024, 1000.0
# Lowest and highest value of each dial.
LIMITS = {"truncation": (0.02, 1.0), "jitter": (0.0, 1.0), "smooth": (0.0, 1.0), "bpm": (20.0, 400.0)}
# So that tempo mode moves before anything is set: a beat, a bar, four bars.
OSCILLATORS = MappingProxyType(
    {
        1: Oscillator(tuple(range(0, 16)), 0.5, 1.0, "bounce"),
        2: Oscillator(tuple(range(16, 48)), 0.7, 4.0, "sin"),
        3: Oscillator(tuple(range(48, 80)), 1.0, 16.0, "cos"),
    }
)


@dataclass(frozen=True)
class Settings:
    """How pictures follow.

    Attributes:
        truncation: how far from the average pictures may be.
        jitter: how far loudness and onsets push the picture off its path; 0: not at all.
        smooth: how slowly it follows; 0: at once.
        mode: follow, tempo or free.
        bpm: beats a minute, in tempo mode.
        oscillators: by number, from 1.
        classes: numbers of the model's classes; empty before there is a model.
        edits: how far along each direction, in standard deviations; those that are left out are 0.

    Raises:
        ValueError: a value breaks a rule; the message names it.
    """

    truncation: float = 0.8
    jitter: float = 0.4
    smooth: float = 0.2
    mode: str = "follow"
    bpm: float = 120.0
    oscillators: MappingProxyType[int, Oscillator] = field(default_factory=lambda: OSCILLATORS)
    classes: tuple[int, ...] = ()
    edits: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in LIMITS:
            check(name, getattr(self, name))
        if self.mode not in MODES:
            raise ValueError(f"the mode must be {', '.join(MODES[:-1])} or {MODES[-1]}, not {self.mode!r:.60}")
        if len(self.classes) > MAX_CLASSES:
            raise ValueError(f"there may be at most {MAX_CLASSES} classes, not {len(self.classes)}")
        if len(self.edits) > MAX_EDITS:
            raise ValueError(f"there may be at most {MAX_EDITS} edits, not {len(self.edits)}")
        for edit in self.edits:
            if abs(check_number("an edit", edit)) > FARTHEST_EDIT:
                raise ValueError(f"an edit must be in {-FARTHEST_EDIT:g}..{FARTHEST_EDIT:g}, not {edit:g}")

    @property
    def lag_s(self) -> float:
        """Time constant of the picture; square, so that small values can be told apart."""
        return 2.0 * self.smooth**2

    def with_oscillator(self, number: int, oscillator: Oscillator) -> "Settings":
        """The same with this oscillator; one of magnitude 0 stands still and keeps its axes.

        Raises:
            ValueError: there is no such number.
        """
        check_number("number", number)
        if not 1 <= number <= MAX_OSCILLATORS:
            raise ValueError(f"oscillators have the numbers 1..{MAX_OSCILLATORS}, not {number}")
        return replace(self, oscillators=MappingProxyType({**self.oscillators, int(number): oscillator}))


def check(name: str, value: Any) -> None:
    """See that a dial's value is within its limits.

    Raises:
        ValueError: it is not.
    """
    low, high = LIMITS[name]
    if not low <= check_number(name, value) <= high:
        raise ValueError(f"{name} must be in {low:g}..{high:g}, not {value:g}")


def check_number(name: str, value: Any) -> float:
    """A finite number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, not {value!r:.60}")
    return value
