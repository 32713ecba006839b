"""Where a path through key points is at a moment; and moving averages."""

from collections.abc import Sequence

import numpy as np

from gansynth.hallucination import slerp


def path_at(times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray) -> np.ndarray:
    """Where a path through key points is at some times: slerp between two of them, at rest before and after.

    Args:
        times_s: [n].
        key_times_s: [k], rising.
        keys: [k, z].

    Returns:
        float64 [n, z].

    Raises:
        ValueError: times and key points are not as many, or the times do not rise.
    """
    keys = np.asarray(keys, np.float64)
    before, after, part = _places(times_s, key_times_s, keys)
    return np.stack([slerp(keys[a], keys[b], float(p)) for a, b, p in zip(before, after, part, strict=True)])


def between(times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray) -> np.ndarray:
    """The same along straight lines: for weights, whose sum must stay."""
    keys = np.asarray(keys, np.float64)
    before, after, part = _places(times_s, key_times_s, keys)
    return keys[before] + part[:, None] * (keys[after] - keys[before])


def _places(
    times_s: np.ndarray, key_times_s: Sequence[float], keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The key points before and after each time, and how far it is from one to the other."""
    key_times = np.asarray(key_times_s, np.float64)
    if keys.ndim != 2 or len(keys) != len(key_times) or not len(keys):
        raise ValueError(f"{len(key_times)} key times need as many key points, not {len(keys)}")
    if (np.diff(key_times) <= 0).any():
        raise ValueError("key times must rise")
    places = np.interp(times_s, key_times, np.arange(len(keys)))
    before = np.minimum(places.astype(int), max(len(keys) - 2, 0))
    return before, np.minimum(before + 1, len(keys) - 1), places - before


def smoothed(values: np.ndarray, frames: int) -> np.ndarray:
    """A moving average over `frames` rows, centred, as long as `values` [n, k]; the ends are held."""
    before = (frames - 1) // 2
    held = np.pad(values, ((before, frames - 1 - before), (0, 0)), mode="edge")
    sums = np.cumsum(np.pad(held, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    # What rounding leaves of a sum of zeros is no weight.
    return np.maximum((sums[frames:] - sums[:-frames]) / frames, 0.0)
