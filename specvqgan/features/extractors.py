"""The features that a small model can be conditioned on, by name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from core import checks
from specvqgan.features import frame_features, thumbnails

# Thumbnails or frames of each moment, uint8 [n, height, width, 3] -> float32 [n, depth].
Measure = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Extractor:
    """Features of frames.

    Attributes:
        name: as datasets and foley.json name them.
        depth: numbers of a moment.
        measure: of thumbnails, one for each moment, uint8 [n, SIZE, SIZE, 3] -> float32 [n, depth].
    """

    name: str
    depth: int
    measure: Measure

    def __call__(self, frames: Iterable[np.ndarray], fps: float, rate: float, count: int) -> np.ndarray:
        """Features float32 [count, depth] of frames; see `thumbnails.at_rate` for arguments and errors."""
        return self.measure(thumbnails.at_rate(frames, fps, rate, count))


def find(name: str) -> Extractor:
    """The extractor of a name.

    Raises:
        ValueError: there is none of that name.
    """
    checks.one_of("features", name, tuple(_EXTRACTORS))
    return _EXTRACTORS[name]()


def _frames() -> Extractor:
    return Extractor(frame_features.NAME, frame_features.DEPTH, frame_features.measure)


_EXTRACTORS: dict[str, Callable[[], Extractor]] = {frame_features.NAME: _frames}
NAMES = tuple(_EXTRACTORS)
