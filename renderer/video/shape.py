"""Widen or heighten square frames by mirroring them on both sides."""

from fractions import Fraction

import numpy as np


def read_ratio(text: str) -> Fraction:
    """Read a ratio of width to height: "16:9", "16/9" or "1.78".

    Raises:
        ValueError: it is not a ratio, or not in 1:10..10:1.
    """
    try:
        width, _, height = text.replace("/", ":").partition(":")
        ratio = Fraction(width) / Fraction(height or "1")
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"ratio must be like 16:9, not {text!r}") from None
    if not Fraction(1, 10) <= ratio <= 10:
        raise ValueError(f"ratio must be in 1:10..10:1, not {text!r}")
    return ratio


def size_at(side: int, ratio: Fraction) -> tuple[int, int]:
    """Height and width of a square of `side` pixels, an even number, widened (or heightened) to a ratio; both even."""
    long = 2 * round(side * max(ratio, 1 / ratio) / 2)
    return (side, long) if ratio >= 1 else (long, side)


def mirrored(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Extend a frame [h, w, 3] by its mirror image, equally on both sides.

    The edge pixels are not repeated. A side more than three times as long is mirrored more than once.
    """
    extra = [(height - frame.shape[0]) // 2, (width - frame.shape[1]) // 2]
    return np.pad(frame, [(extra[0], extra[0]), (extra[1], extra[1]), (0, 0)], mode="reflect")
