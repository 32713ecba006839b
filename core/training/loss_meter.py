"""Mean losses and speed of a training run between two log lines."""

import time
from typing import Any

import numpy as np


class LossMeter:
    """Collects the losses of steps until the next log line, which is due every `every_s` seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._losses: dict[str, list[Any]] = {}
        self._since: tuple[float, int] | None = None

    def add(self, before: int, images: int, losses: dict[str, Any]) -> None:
        """Add a step from `before` to `images` images; its losses are only read when a line is written."""
        if self._since is None or self._since[1] > before:
            self._since = (time.monotonic(), before)
        for name, value in losses.items():
            self._losses.setdefault(name, []).append(value)

    @property
    def due(self) -> bool:
        """Whether it is time for a line."""
        return self._since is not None and time.monotonic() - self._since[0] >= self._every_s

    def take(self, images: int, total: int) -> tuple[str, dict[str, float]]:
        """Write a line and start over.

        Returns:
            A line such as "80 of 640 images, 31.0/s, 18 s left  distance 0.5"; the means in it, and the rate.
        """
        assert self._since is not None
        means = {name: float(np.mean([float(value) for value in values])) for name, values in self._losses.items()}
        now = time.monotonic()
        rate = (images - self._since[1]) / max(now - self._since[0], 1e-9)
        left = f", {duration_text((total - images) / rate)} left" if rate and images < total else ""
        shown = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        self._losses, self._since = {}, (now, images)
        return f"{images} of {total} images, {rate:.1f}/s{left}  {shown}", means | {"images_per_second": rate}


def duration_text(seconds: float) -> str:
    """A duration in two units at most.

    >>> duration_text(5400)
    '1 h 30 min'
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
