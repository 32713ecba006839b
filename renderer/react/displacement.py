"""Displacement maps: vectors on a coarse grid, enlarged, that say by how much each pixel of an image is moved.

Source: AIART's displacement maps. Its vectors are drawn again for every frame, with a spread that is 0 at the start of
each segment; here they are drawn once and turned, so that the map flows.
"""

import functools

import numpy as np

from core import checks
from renderer.react.noise import turned

# By size: the least and the largest grid, and the largest displacement in pixels. Beyond the table they go on doubling.
_TABLE = {
    4: (2, 3, 2),
    8: (2, 5, 3),
    16: (3, 5, 4),
    32: (3, 8, 6),
    64: (4, 12, 10),
    128: (5, 16, 16),
    256: (6, 24, 32),
    512: (7, 32, 64),
    1024: (8, 48, 128),
    2048: (9, 64, 256),
}
_STEP = 0.2
_LOBES = 5


def grid(size: int, detail: float) -> int:
    """How many vectors an edge of the map has.

    Args:
        size: pixels of its edge; a power of 2 in 4..2048.
        detail: 0..1, in steps of 0.2.
    """
    checks.one_of("size of a displacement map", size, _TABLE)
    checks.in_range("detail", detail, 0, 1)
    least, most, _ = _TABLE[size]
    # Rounded, so that 0.6 is in the step that begins at 0.6.
    part = min(_STEP * (np.floor(round(detail / _STEP, 6)) + 1), 1.0)
    return int(max(least, np.ceil(round(most * part, 6))))


def vectors(count: int, seed: int) -> np.ndarray:
    """Vectors on a grid, float32 [count, count, 2], each value between -1 and 1 and as often positive as negative."""
    drawn = np.random.default_rng([seed, count]).standard_normal((count, count, 2))
    return np.cos(np.pi * drawn).astype(np.float32)


def displacement(some_vectors: np.ndarray, size: int, turns: float, amount: float, least_px: float = 0.0) -> np.ndarray:
    """A displacement map in pixels, float32 [size, size, 2]: down, then right.

    Args:
        some_vectors: from `vectors`, [n, n, 2].
        size: pixels of its edge.
        turns: how far the vectors are turned.
        amount: 0..1 of the largest displacement for this size.
        least_px: the least displacement, in pixels.
    """
    weights = _lanczos(size, len(some_vectors))
    both = np.moveaxis(turned(some_vectors, turns), -1, 0)
    return np.moveaxis(weights @ both @ weights.T, 0, -1) * np.float32(max(least_px, amount * _TABLE[size][2]))


@functools.cache
def _lanczos(size: int, count: int) -> np.ndarray:
    """What enlarges `count` values to `size` by a Lanczos kernel of five lobes, float32 [size, count]."""
    places = (np.arange(size) + 0.5) * count / size - 0.5
    away = places[:, None] - np.arange(count)
    weights = np.where(np.abs(away) < _LOBES, np.sinc(away) * np.sinc(away / _LOBES), 0.0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def warped(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """An image [size, size] whose pixel at p is taken from p - flow, between pixels in proportion; the edge is held."""
    import scipy.ndimage

    size = len(image)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    places = [rows - flow[..., 0], columns - flow[..., 1]]
    found: np.ndarray = scipy.ndimage.map_coordinates(image, places, order=1, mode="nearest")
    return found
