"""Features of a clip as a transformer is conditioned on them: all of one length, cropped, and resampled to a few.

The original's loader filled a short clip up with zeros; where few frames are taken of it, they are all zeros, and the
transformer is conditioned on nothing without a word. Here a short clip is repeated, as the original's own extraction of
ResNet-50 does it.
"""

import logging

import numpy as np

from core import checks

log = logging.getLogger(__name__)
FRAMES_PER_S = 21.5
# Frames of ten seconds, and of the width of a codebook's grid, which are its middle.
LENGTH, CROPPED = 215, 212
_MOST_REPEATS = 1000


def condition(
    features: np.ndarray, count: int | None = None, *, length: int = LENGTH, crop: int = CROPPED, fill: str = "repeat"
) -> np.ndarray:
    """Features of a clip, [frames, depth], as a transformer takes them: float32 [count, depth].

    Args:
        features: one row for each frame.
        count: how many rows are taken at even distances; None: all of `crop`.
        length: frames that every clip is brought to.
        crop: frames of its middle that are used.
        fill: what a short clip is filled up with: "repeat", or "zeros" as in the original's loader.

    Raises:
        ValueError: there is no frame, a number is not finite, or the numbers of frames do not fit each other.
    """
    checks.shape("features", features, ("frames", "depth"))
    checks.finite("features", features)
    if checks.one_of("fill", fill, ("repeat", "zeros")) == "repeat":
        whole = crop_or_repeat(features, length)
    else:
        whole = _filled_with_zeros(features, length)
    middle = cropped(whole, crop)
    found = middle if count is None else resampled(middle, count)
    return np.asarray(found, np.float32)


def crop_or_repeat(features: np.ndarray, length: int) -> np.ndarray:
    """The first `length` rows; those of a short clip again and again.

    Raises:
        ValueError: there are no rows.
    """
    if not len(features):
        raise ValueError("a clip must have at least one frame; this one has none")
    return features[np.arange(length) % len(features)]


def cropped(features: np.ndarray, length: int) -> np.ndarray:
    """The middle `length` rows.

    Raises:
        ValueError: there are fewer.
    """
    checks.whole("crop", length, 1, len(features), "frames")
    start = (len(features) - length) // 2
    return features[start : start + length]


def resampled(features: np.ndarray, count: int, repeats: int = 1) -> np.ndarray:
    """`count` rows at even distances, each `repeats` times.

    They begin n // (count + 1) rows from the start, as the original's do, and so are not quite in the middle.

    Raises:
        ValueError: there are fewer rows.
    """
    checks.whole("count", count, 1, len(features), "frames")
    checks.whole("repeats", repeats, 1, _MOST_REPEATS)
    places = np.linspace(0, len(features), count, endpoint=False).astype(np.int64) + len(features) // (count + 1)
    return features[np.repeat(places, repeats)]


def side_by_side(colours: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """Features of colours and of motion as one, [frames, both depths]; between frames there is one motion less.

    Raises:
        ValueError: their numbers of frames differ by more than two.
    """
    rows = len(colours), len(motion)
    if abs(rows[0] - rows[1]) > 2:
        raise ValueError(f"features of colours and of motion must have the same frames, not {rows[0]} and {rows[1]}")
    return np.concatenate([colours[: min(rows)], motion[: min(rows)]], axis=1)


def _filled_with_zeros(features: np.ndarray, length: int) -> np.ndarray:
    missing = length - len(features)
    if missing > 0:
        log.warning("a clip of %d frames is filled up with %d rows of zeros", len(features), missing)
    return np.pad(features[:length], ((0, max(0, missing)), (0, 0)))
