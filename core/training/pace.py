"""How fast the steps of a stage are done, and how many of them go into one call."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.training.timeline import Clock, Timeline

# The time that the steps of a call take together: short, so that a run stops soon when it is asked to.
CALL_S = 0.5
# How much of an older measurement stays.
_INERTIA = 0.5


@dataclass
class Pace:
    """Follows the calls of a stage, one behind, so that the device always has one to go on with; measures their speed.

    Attributes:
        capacity: the most steps in a call.
        rate: steps per second; None: not known yet.
        now: the time in seconds.
    """

    capacity: int
    rate: float | None = None
    now: Callable[[], float] = time.monotonic
    _since: float | None = None
    _running: "_Call | None" = None

    def started(self, steps: int, images: int, losses: Mapping[str, Any]) -> None:
        """Note that a call was started, after which `images` are seen, and wait for the one before it.

        Raises:
            ValueError: the losses of the one before it are not numbers.
        """
        before, self._running = self._running, _Call(steps, images, losses)
        if before:
            before.wait()
            self._measure(before.steps)

    def finish(self) -> None:
        """Wait for the last call.

        Raises:
            ValueError: its losses are not numbers.
        """
        if self._running:
            self._running.wait()
        self._running = None

    def interrupted(self) -> None:
        """Note that something else took time, such as a save."""
        self._since = None

    @property
    def steps(self) -> int:
        """How many steps the next call has, at least 1."""
        return 1 if self.rate is None else max(1, min(self.capacity, int(self.rate * CALL_S)))

    def _measure(self, steps: int) -> None:
        # The first call tells nothing: it was compiled too.
        if self._since is not None:
            rate = steps / max(self.now() - self._since, 1e-9)
            self.rate = rate if self.rate is None else _INERTIA * self.rate + (1.0 - _INERTIA) * rate
        self._since = self.now()


class _Call(NamedTuple):
    steps: int
    images: int
    losses: Mapping[str, Any]

    def wait(self) -> None:
        last = {name: float(np.ravel(np.asarray(value))[-1]) for name, value in self.losses.items()}
        if last and not any(math.isfinite(value) for value in last.values()):
            raise ValueError(
                f"the losses are no longer numbers after {self.images} images; the run is as it was saved before: "
                "try a lower learning rate, or float32"
            )


def calls(
    images: int, size: int, end: float, sample_images: int, timeline: Timeline, clock: Clock | None, pace: Pace
) -> Iterator[tuple[int, int]]:
    """Divide a stage into calls: the images before each, and its steps.

    Args:
        images: seen before the first step.
        size: images per step.
        end: the position at which the stage ends.
        sample_images: a call ends where samples are due, after each so many images.
        timeline: positions by images; turned by the clock at the start of each call.
        clock: None: without a time limit.
        pace: read before each call.
    """
    while True:
        if clock:
            clock.plan(images, None if pace.rate is None else pace.rate * size)
        if timeline.reached(images, end):
            return
        left = (end - timeline.position(images)) / timeline.at(images).slope
        to_sample = sample_images - images % sample_images
        steps = min(pace.steps, _ceil(left / size), _ceil(to_sample / size))
        yield images, steps
        images += steps * size


def _ceil(value: float) -> int:
    return max(1, -int(-value // 1))
