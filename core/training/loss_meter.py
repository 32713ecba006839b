"""Mean losses and speed of a training run between two log lines."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np


class LossMeter:
    """Collects the losses of steps until the next log line, which is due every `every_s` seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._losses: dict[str, list[Any]] = {}
        self._since: tuple[float, int] | None = None

    def add(self, before: int, images: int, losses: Mapping[str, Any]) -> None:
        """Add the steps from `before` to `images` images.

        Their losses, scalars or one for each step, are only read when a line is written. One that is not a number
        was not computed in that step.
        """
        if self._since is None or self._since[1] > before:
            self._since = (time.monotonic(), before)
        for name, value in losses.items():
            self._losses.setdefault(name, []).append(value)

    @property
    def due(self) -> bool:
        """Whether it is time for a line."""
        return self._since is not None and time.monotonic() - self._since[0] >= self._every_s

    def take(self, images: int, total: int, left_s: float | None = None) -> tuple[str, dict[str, float]]:
        """Write a line and start over.

        Args:
            images: seen so far.
            total: of the whole run.
            left_s: seconds left, of a run whose end is a time and not a number of images.

        Returns:
            A line such as "80 of 640 images, 31.0/s, 18 s left  distance 0.5"; the means in it, and the rate. A loss
            that was not computed in any step is in neither.
        """
        assert self._since is not None
        found = {name: _numbers(values) for name, values in self._losses.items()}
        means = {name: float(numbers.mean()) for name, numbers in found.items() if len(numbers)}
        now = time.monotonic()
        rate = (images - self._since[1]) / max(now - self._since[0], 1e-9)
        of = f" of {total}" if left_s is None else ""
        if left_s is None:
            left_s = (total - images) / rate if rate else 0.0
        left = f", {duration_text(left_s)} left" if left_s > 0 else ""
        shown = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        self._losses, self._since = {}, (now, images)
        return f"{images}{of} images, {rate:.1f}/s{left}  {shown}", means | {"images_per_second": rate}


def _numbers(values: list[Any]) -> np.ndarray:
    """The numbers among scalars and arrays of losses."""
    flat = np.concatenate([np.ravel(np.asarray(value, np.float64)) for value in values])
    return flat[~np.isnan(flat)]


def duration_text(seconds: float) -> str:
    """A duration in two units at most.

    >>> duration_text(5400)
    '1 h 30 min'
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
