"""What a bend gives the network for one frame: where each pixel comes from, a matrix, or a number.

Pixels are (row, column); the edge of a map is held beyond it.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

from renderer.bending.bend import BLUR, WARP, Bend
from renderer.react import displacement

_PIXELS, _DEGREES, _SHEAR_DEGREES, _BLUR_PX = 15.0, 20.0, 50.0, 4.0
_SWIRL_SIZE, _SWIRL_TURNS = 512, 10.0
_SEED = 0
_SIGMAS = 4.0
_SHARP = 0.05

Places = np.ndarray


def shape_of(operation: str, size: int) -> tuple[int, ...]:
    """The shape of an operation's input for a map of `size` pixels."""
    return {WARP: (1, size, size, 2), BLUR: (size, size)}.get(operation, (1,))


def inputs(bend: Bend, size: int) -> np.ndarray:
    """The input of a bend of a map of `size` pixels, float32 of `shape_of`."""
    if bend.operation == WARP:
        return _PLACES[bend.transform](bend, size)[None]
    if bend.operation == BLUR:
        return blur_matrix(_BLUR_PX * bend.amount, size)
    return np.array([bend.amount], np.float32)


def blur_matrix(sigma: float, size: int) -> np.ndarray:
    """What blurs the rows of a map, [size, size]; nothing is taken from beyond the edges, so they do not darken."""
    if sigma < _SHARP:
        return np.eye(size, dtype=np.float32)
    away = np.arange(size)[:, None] - np.arange(size)
    weights = np.where(np.abs(away) <= _SIGMAS * sigma, np.exp(-0.5 * (away / sigma) ** 2), 0.0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def affine(matrix: tuple[tuple[float, float], tuple[float, float]], bend: Bend, size: int) -> Places:
    """Places of a linear map around the bend's centre."""
    x, y = bend.centre
    middle = (size - 1) / 2
    row, column = middle + y * size / 2, middle + x * size / 2
    down, right = np.arange(size) - row, np.arange(size) - column
    found = np.empty((size, size, 2), np.float32)
    for axis, centre in enumerate((row, column)):
        found[..., axis] = (matrix[axis][0] * down + centre)[:, None] + matrix[axis][1] * right
    return found


def _zoom(bend: Bend, size: int) -> Places:
    return affine(((bend.amount, 0.0), (0.0, bend.amount)), bend, size)


def _rotate(bend: Bend, size: int) -> Places:
    angle = math.radians(_DEGREES * bend.amount)
    cos, sin = math.cos(angle), math.sin(angle)
    return affine(((cos, sin), (-sin, cos)), bend, size)


def _shear(bend: Bend, size: int) -> Places:
    angle = math.radians(_SHEAR_DEGREES * bend.amount)
    return affine(((math.cos(angle), 0.0), (-math.sin(angle), 1.0)), bend, size)


def _translate(bend: Bend, size: int) -> Places:
    x, y = bend.direction
    return _all(size) - np.float32(_PIXELS * bend.amount) * np.array([y, x], np.float32)


def _swirl(bend: Bend, size: int) -> Places:
    x, y = bend.centre
    # Its pixels are those of 512; a smaller map moves as much for its size.
    return _all(size) - np.float32(bend.amount * size / _SWIRL_SIZE) * _swirl_field(size, x, y)


def _displace(bend: Bend, size: int) -> Places:
    angle = 2.0 * math.pi * bend.turns
    first, quarter = _flows(size, bend.detail)
    cos, sin = np.float32(bend.amount * math.cos(angle)), np.float32(bend.amount * math.sin(angle))
    return _all(size) - cos * first - sin * quarter


_PLACES: dict[str, Callable[[Bend, int], Places]] = {
    "zoom": _zoom,
    "rotate": _rotate,
    "shear": _shear,
    "translate": _translate,
    "swirl": _swirl,
    "displace": _displace,
}


@functools.lru_cache(16)
def _all(size: int) -> Places:
    """The place of every pixel, [size, size, 2]."""
    rows, columns = np.mgrid[0:size, 0:size]
    return np.stack([rows, columns], axis=-1).astype(np.float32)


@functools.lru_cache(16)
def _swirl_field(size: int, x: float, y: float) -> np.ndarray:
    """Where AIART's swirl of amount 1 moves pixels, [size, size, 2]: a wave down, rings to the right."""
    edge = np.arange(size) * (2.0 / size) - 1.0
    down, right = np.meshgrid(edge - y, edge - x, indexing="ij")
    radius = _SWIRL_TURNS * math.pi * np.hypot(down, right)
    # At the centre, where the logarithm has no value, the product is 0.
    rings = np.sin(0.4 * radius) * np.log(2.0 * np.maximum(radius, 1e-9))
    return np.stack([np.cos(math.pi * down), rings], axis=-1).astype(np.float32)


@functools.lru_cache(8)
def _flows(size: int, detail: float) -> tuple[np.ndarray, np.ndarray]:
    """A displacement map [size, size, 2] of full amount, and the same a quarter turned: the others are their mixtures.

    Enlarging vectors is a matrix product, after which BLAS's threads go on spinning, so it is done once.
    """
    vectors = displacement.vectors(displacement.grid(size, detail), _SEED)
    first, quarter = (displacement.displacement(vectors, size, turns, 1.0) for turns in (0.0, 0.25))
    return np.ascontiguousarray(first), np.ascontiguousarray(quarter)
