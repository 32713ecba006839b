"""Interpolation between two points: along a great circle (slerp) or along a straight line (lerp)."""

from collections.abc import Callable

import numpy as np

Interpolation = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def slerp(p0: np.ndarray, p1: np.ndarray, t: float) -> np.ndarray:
    """Spherical interpolation of vectors [size], exact at t = 0 and 1 (Shoemake 1985).

    Equal, opposite and zero vectors have no single arc between them; they are interpolated along the straight line.
    """
    p0, p1 = np.asarray(p0, np.float64), np.asarray(p1, np.float64)
    if t in (0.0, 1.0):
        return np.array(p1 if t else p0)
    norms = np.linalg.norm(p0) * np.linalg.norm(p1)
    angle = np.arccos(np.clip(np.dot(p0, p1) / norms, -1.0, 1.0)) if norms > 0 else 0.0
    if np.sin(angle) < 1e-6:
        return (1.0 - t) * p0 + t * p1
    return (np.sin((1.0 - t) * angle) * p0 + np.sin(t * angle) * p1) / np.sin(angle)


def lerp(p0: np.ndarray, p1: np.ndarray, t: float) -> np.ndarray:
    """Linear interpolation, exact at t = 0 and 1: for coordinates, whose length has no meaning."""
    return (1.0 - t) * np.asarray(p0, np.float64) + t * np.asarray(p1, np.float64)
