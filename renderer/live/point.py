"""What one picture is painted of."""

from typing import NamedTuple

import numpy as np


class Point(NamedTuple):
    """Noise float [z], before truncation, and class weights float [classes of the model]."""

    noise: np.ndarray
    weights: np.ndarray

    def towards(self, other: "Point", part: float) -> "Point":
        """The point between this (part 0) and another (1), on straight lines: no step is longer than its part."""
        return Point(*(here + part * (there - here) for here, there in zip(self, other, strict=True)))

    def fits(self, other: "Point") -> bool:
        """Whether both are points of one model."""
        return all(here.shape == there.shape for here, there in zip(self, other, strict=True))
