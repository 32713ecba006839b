"""What one frame is rendered from."""

from typing import NamedTuple

import numpy as np

_NONE = np.zeros(0)


class GeneratorInput(NamedTuple):
    """Latent vector float [z], before truncation; class weights float [num_classes]; edits float [directions]."""

    z: np.ndarray
    class_weights: np.ndarray
    edits: np.ndarray = _NONE

    def towards(self, other: "GeneratorInput", part: float) -> "GeneratorInput":
        """The point between this one (part 0) and another (part 1), on straight lines."""
        return GeneratorInput(*(here + part * (there - here) for here, there in zip(self, other, strict=True)))
