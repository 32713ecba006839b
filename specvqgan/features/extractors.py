"""The features that a small model can be conditioned on, by name."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from core import checks
from core.nn import efficientnet
from specvqgan.features import frame_features, thumbnails

# Thumbnails or frames of each moment, uint8 [n, height, width, 3] -> float32 [n, depth].
Measure = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Extractor:
    """Features of frames.

    Attributes:
        name: as datasets and foley.json name them.
        depth: numbers of a moment.
        measure: of what is kept of frames, one for each moment, uint8 [n, edge, edge, 3] -> float32 [n, depth].
        keep: of a frame uint8 [height, width, 3]: a small one.
    """

    name: str
    depth: int
    measure: Measure
    keep: Callable[[np.ndarray], np.ndarray] = thumbnails.thumbnail

    def __call__(self, frames: Iterable[np.ndarray], fps: float, rate: float, count: int) -> np.ndarray:
        """Features float32 [count, depth] of frames; see `thumbnails.at_rate` for arguments and errors."""
        return self.measure(thumbnails.at_rate(frames, fps, rate, count, self.keep))


def find(name: str) -> Extractor:
    """The extractor of a name.

    Raises:
        ValueError: there is none of that name.
        FileNotFoundError: it needs a package that is not installed.
    """
    checks.one_of("features", name, tuple(_EXTRACTORS))
    return _EXTRACTORS[name]()


def _frames() -> Extractor:
    return Extractor(frame_features.NAME, frame_features.DEPTH, frame_features.measure)


@functools.cache
def _objects() -> Extractor:
    """The small features, and what EfficientNet-Lite0 recognises in photographs; it knows no motion."""
    network = efficientnet.FeatureExtractor(efficientnet.find())

    def measure(kept: np.ndarray) -> np.ndarray:
        small = np.stack([thumbnails.thumbnail(frame) for frame in kept])
        return np.concatenate([frame_features.measure(small), network(kept)], axis=1)

    return Extractor(OBJECTS, frame_features.DEPTH + efficientnet.FEATURES, measure, efficientnet.resized)


OBJECTS = "efficientnet_lite0"
_EXTRACTORS: dict[str, Callable[[], Extractor]] = {frame_features.NAME: _frames, OBJECTS: _objects}
NAMES = tuple(_EXTRACTORS)
