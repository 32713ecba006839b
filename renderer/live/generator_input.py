"""What one picture is painted of."""

from typing import NamedTuple

import numpy as np

_NONE = np.zeros(0)


class GeneratorInput(NamedTuple):
    """Noise float [z], before truncation, class weights float [classes of the model], edits float [directions]."""

    noise: np.ndarray
    weights: np.ndarray
    edits: np.ndarray = _NONE

    def towards(self, other: "GeneratorInput", part: float) -> "GeneratorInput":
        """The point between this (part 0) and another (1), on straight lines: no step is longer than its part."""
        return GeneratorInput(*(here + part * (there - here) for here, there in zip(self, other, strict=True)))
