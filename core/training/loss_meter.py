"""The losses of a training run, gathered from line to line."""

import time
from typing import Any

import numpy as np

from core.training.durations import in_words


class LossMeter:
    """What was lost since the last line; `every_s` is how often one is due, in seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._sums: dict[str, list[Any]] = {}
        self._since: tuple[float, int] | None = None

    def add(self, before: int, images: int, losses: dict[str, Any]) -> None:
        """A step that went from `before` to `images` images; its losses are read only when a line is made."""
        if self._since is None or self._since[1] > before:
            self._since = (time.monotonic(), before)
        for name, value in losses.items():
            self._sums.setdefault(name, []).append(value)

    @property
    def due(self) -> bool:
        """Whether it is time for a line."""
        return self._since is not None and time.monotonic() - self._since[0] >= self._every_s

    def take(self, images: int, total: int) -> tuple[str, dict[str, float]]:
        """A line, as "80 of 640 images, 31.0/s, 18 s left  distance 0.5"; the means that it tells, and the rate."""
        assert self._since is not None
        means = {name: float(np.mean([float(value) for value in values])) for name, values in self._sums.items()}
        now = time.monotonic()
        rate = (images - self._since[1]) / max(now - self._since[0], 1e-9)
        left = f", {in_words((total - images) / rate)} left" if rate and images < total else ""
        shown = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        self._sums, self._since = {}, (now, images)
        return f"{images} of {total} images, {rate:.1f}/s{left}  {shown}", means | {"images_per_second": rate}
