"""Where a run is in its schedule: images seen -> a position in the schedule of its settings.

Without a time limit both are the same. With one, positions move with the clock, so that the schedule ends when the time
does, whatever the machine's speed: all lengths and falling rates of the settings become shares of the time. What
happened is kept in a file, so that a run that was stopped resumes at the same position.
"""

import bisect
import itertools
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.files import json_files
from core.files.atomic import write_text

FILE = "timeline.json"
# How fast positions move per image before the speed is known: hardly.
SLOWEST = 1e-9
# Positions are sums of many small parts; this much of an image is none.
_TOLERANCE = 1e-6


class Knot(NamedTuple):
    """From `images` on, positions move from `position` by `slope` per image, up to the next knot."""

    images: int
    position: float
    slope: float


@dataclass
class Timeline:
    """Positions by images. The knots ascend, and are replaced as a whole, so that other threads may read them."""

    knots: tuple[Knot, ...] = (Knot(0, 0.0, 1.0),)

    def at(self, images: int) -> Knot:
        """The knot that so many images seen belong to."""
        return self.knots[max(0, bisect.bisect_right(self.knots, images, key=lambda knot: knot.images) - 1)]

    def position(self, images: int) -> float:
        """The position in the schedule after so many images."""
        start, position, slope = self.at(images)
        return position + (images - start) * slope

    def reached(self, images: int, position: float) -> bool:
        """Whether a position is reached after so many images."""
        return self.position(images) >= position - _TOLERANCE

    def turn(self, images: int, slope: float) -> None:
        """Go on with another slope from `images` on; knots after it are forgotten."""
        before = tuple(knot for knot in self.knots if knot.images < images)
        self.knots = (*before, Knot(images, self.position(images), slope))

    def save(self, folder: Path) -> None:
        """Write the timeline into a run folder, unless images are positions."""
        if self != Timeline():
            write_text(folder / FILE, json.dumps([list(knot) for knot in self.knots]) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Timeline":
        """The timeline of a run folder; where there is none, images are positions.

        Raises:
            ValueError: its file is damaged.
        """
        path = folder / FILE
        if not path.exists():
            return cls()
        try:
            knots = tuple(Knot(int(images), float(position), float(slope)) for images, position, slope in _read(path))
        except (TypeError, ValueError):
            knots = ()
        ascending = all(a.images < b.images for a, b in itertools.pairwise(knots))
        if not knots or not ascending or not all(knot.slope > 0 for knot in knots):
            raise ValueError(f"{path} must be a list of [images, position, slope], ascending; delete it to start over")
        return cls(knots)


@dataclass
class Clock:
    """The time limit of a run: it turns the timeline so that the schedule's end comes when the time is up.

    Attributes:
        timeline: to turn.
        total: the last position.
        ends_at: when to be there, in seconds of `now`.
        now: the time in seconds.
        every_s: seconds from plan to plan, once the speed is known.
    """

    timeline: Timeline
    total: float
    ends_at: float
    now: Callable[[], float] = time.monotonic
    every_s: float = 1.0
    _planned: float = -math.inf

    @property
    def left_s(self) -> float:
        """Seconds left, not below 0."""
        return max(0.0, self.ends_at - self.now())

    def plan(self, images: int, rate: float | None) -> None:
        """Turn the timeline at `images`, which are seen at `rate` images per second (None: not known yet)."""
        if not self.left_s:
            self._turn(images, 1.0)
        elif rate is None:
            self.timeline.turn(images, SLOWEST)
        elif self.now() - self._planned >= self.every_s:
            self._planned = self.now()
            self._turn(images, max(1.0, self.left_s * rate))

    def _turn(self, images: int, images_left: float) -> None:
        left = self.total - self.timeline.position(images)
        self.timeline.turn(images, max(SLOWEST, left / images_left))


def _read(path: Path) -> list[list[float]]:
    found: list[list[float]] = json_files.read(path)
    return found
