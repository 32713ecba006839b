"""Square pictures made wide or tall by mirrors on both sides."""

from fractions import Fraction

import numpy as np


def read_ratio(text: str) -> Fraction:
    """Width to height: "16:9", "16/9" or "1.78".

    Raises:
        ValueError: it is none, or not within 1:10 and 10:1.
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


def mirrored(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture [h, w, 3] in the middle of a larger one; around it its mirror image, alike on both sides.

    The edge pixels are not doubled. What is more than three times as long is mirrored more than once.
    """
    extra = [(height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2]
    return np.pad(picture, [(extra[0], extra[0]), (extra[1], extra[1]), (0, 0)], mode="reflect")
