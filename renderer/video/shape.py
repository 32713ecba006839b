"""The size of a video's frames: square images are scaled up, and cropped, mirrored or framed to fill another shape."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from core import checks

FITS = ("mirror", "fill", "contain")
_SMALLEST, _LARGEST = 16, 8192
_MOST_SHARPENING = 4.0
# The radius of sharpening, in pixels of the image before it was scaled.
_RADIUS = 0.5


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


@dataclass(frozen=True)
class Shape:
    """The shape of a video's frames.

    Attributes:
        size: "1280x720" (width and height, even numbers of pixels), or a ratio such as "16:9", at which the shorter
            side is that of the image; "": as rendered.
        fit: how a square image fills it. "mirror": extended by its mirror image; "fill": cropped; "contain": with
            black bars.
        sharpen: strength of an unsharp mask after scaling, 0..4; 0: none.

    Raises:
        ValueError: a value breaks a rule; the message names it.
    """

    size: str = ""
    fit: str = "mirror"
    sharpen: float = 0.0

    def __post_init__(self) -> None:
        self.at(_SMALLEST)
        checks.one_of("fit", self.fit, FITS)
        checks.in_range("sharpen", self.sharpen, 0, _MOST_SHARPENING)

    def at(self, side: int) -> tuple[int, int]:
        """Height and width of frames whose images have `side` x `side` pixels.

        Raises:
            ValueError: the size is not one.
        """
        if not self.size:
            return side, side
        width, cross, height = self.size.lower().partition("x")
        if not cross and ":" in self.size:
            return size_at(side, read_ratio(self.size))
        if not (width.isdecimal() and height.isdecimal()):
            raise ValueError(f"size must be like 1280x720 or 16:9, not {self.size!r}")
        for pixels in (int(width), int(height)):
            if pixels % 2 or not _SMALLEST <= pixels <= _LARGEST:
                raise ValueError(f"size must have even sides in {_SMALLEST}..{_LARGEST}, not {self.size!r}")
        return int(height), int(width)

    def fitted(self, side: int) -> Callable[[np.ndarray], np.ndarray]:
        """The function that brings a frame uint8 [side, side, 3] to this shape."""
        height, width = self.at(side)
        if (height, width) == (side, side) and not self.sharpen:
            return _unchanged
        return {"mirror": self._mirror, "fill": self._fill, "contain": self._contain}[self.fit](height, width, side)

    def _mirror(self, height: int, width: int, side: int) -> Callable[[np.ndarray], np.ndarray]:
        short = min(height, width)
        return lambda frame: mirrored(self._scaled(frame, short, short, (0, 0, side, side)), height, width)

    def _fill(self, height: int, width: int, side: int) -> Callable[[np.ndarray], np.ndarray]:
        across, down = (side * part / max(height, width) for part in (width, height))
        left, top = (side - across) / 2, (side - down) / 2
        return lambda frame: self._scaled(frame, height, width, (left, top, left + across, top + down))

    def _contain(self, height: int, width: int, side: int) -> Callable[[np.ndarray], np.ndarray]:
        short = min(height, width)
        top, left = (height - short) // 2, (width - short) // 2

        def framed(frame: np.ndarray) -> np.ndarray:
            bars = np.zeros((height, width, 3), np.uint8)
            bars[top : top + short, left : left + short] = self._scaled(frame, short, short, (0, 0, side, side))
            return bars

        return framed

    def _scaled(self, frame: np.ndarray, height: int, width: int, box: tuple[float, float, float, float]) -> np.ndarray:
        """The part of a frame in `box` (left, top, right, bottom), scaled by Lanczos and sharpened."""
        if frame.shape[:2] == (height, width) and box == (0, 0, width, height) and not self.sharpen:
            return frame
        from PIL import Image, ImageFilter

        image = Image.fromarray(np.ascontiguousarray(frame))
        image = image.resize((width, height), Image.Resampling.LANCZOS, box)
        if self.sharpen:
            radius = _RADIUS * width / (box[2] - box[0])
            image = image.filter(ImageFilter.UnsharpMask(radius, round(100 * self.sharpen), 0))
        return np.asarray(image)


def _unchanged(frame: np.ndarray) -> np.ndarray:
    return frame
