"""Paths through key points: evenly spaced, or at given times; and moving averages along them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core import checks
from core.latent.interpolation import Interpolation, slerp


def key_path(keys: np.ndarray, steps: int, interpolate: Interpolation = slerp) -> np.ndarray:
    """Key points [n, size] with `steps` points between each two -> [n + (n - 1) steps, size], evenly spaced.

    Raises:
        ValueError: there are no key points, or fewer than 0 steps.
    """
    keys = checks.shape("keys", np.asarray(keys, np.float64), ("n", "size"))
    checks.in_range("the number of key points", len(keys), 1)
    checks.in_range("steps", steps, 0)
    path = [interpolate(a, b, j / (steps + 1)) for a, b in pairwise(keys) for j in range(steps + 1)]
    return np.stack([*path, keys[-1]])


def point_count(keys: int, steps: int) -> int:
    """Points in a path through `keys` key points."""
    return keys + (keys - 1) * steps


def key_times_s(keys: int, steps: int, spacing_s: float) -> list[float]:
    """When a path whose points are spacing_s apart is at each key point, in seconds."""
    return [key * (steps + 1) * spacing_s for key in range(keys)]


def slerp_at(times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray) -> np.ndarray:
    """Where a path through key points is at some times: slerp between two of them, at rest before and after.

    Args:
        times_s: [n].
        key_times_s: [k], rising.
        keys: [k, z].

    Returns:
        float64 [n, z].

    Raises:
        ValueError: times and key points differ in number, or the times do not rise.
    """
    keys = np.asarray(keys, np.float64)
    before, after, part = _position(times_s, key_times_s, keys)
    return np.stack([slerp(keys[a], keys[b], float(p)) for a, b, p in zip(before, after, part, strict=True)])


def lerp_at(times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray) -> np.ndarray:
    """The same along straight lines: for weights, whose sum stays."""
    keys = np.asarray(keys, np.float64)
    before, after, part = _position(times_s, key_times_s, keys)
    return keys[before] + part[:, None] * (keys[after] - keys[before])


def _position(
    times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The key points before and after each time, and how far it is from one to the other, 0..1."""
    key_times = np.asarray(key_times_s, np.float64)
    if keys.ndim != 2 or len(keys) != len(key_times) or not len(keys):
        raise ValueError(f"{len(key_times)} key times need as many key points, not {len(keys)}")
    if (np.diff(key_times) <= 0).any():
        raise ValueError("key times must rise")
    places = np.interp(times_s, key_times, np.arange(len(keys)))
    before = np.minimum(places.astype(int), max(len(keys) - 2, 0))
    return before, np.minimum(before + 1, len(keys) - 1), places - before


def moving_average(values: np.ndarray, frames: int) -> np.ndarray:
    """A centred moving average over `frames` rows, as long as `values` [n, k]; the ends are held."""
    before = (frames - 1) // 2
    held = np.pad(values, ((before, frames - 1 - before), (0, 0)), mode="edge")
    sums = np.cumsum(np.pad(held, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    # A sum of zeros can come out slightly negative by rounding.
    return np.maximum((sums[frames:] - sums[:-frames]) / frames, 0.0)
