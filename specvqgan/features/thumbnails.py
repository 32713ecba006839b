"""Frames of any size, one after the other, as small squares that features are measured on."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from core import checks

SIZE = 64


def thumbnail(frame: np.ndarray) -> np.ndarray:
    """A frame uint8 [height, width, 3] as uint8 [SIZE, SIZE, 3]: each pixel is the mean of an area.

    Raises:
        ValueError: it has another shape or type.
    """
    from PIL import Image

    frame = np.asarray(frame)
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        rule = f"be uint8 [height, width, 3], at least one pixel, not {frame.dtype} {checks.shape_text(frame.shape)}"
        raise ValueError(f"a frame must {rule}")
    if frame.shape[:2] == (SIZE, SIZE):
        return frame
    return np.asarray(Image.fromarray(frame).resize((SIZE, SIZE), Image.Resampling.BOX))


def at_rate(
    frames: Iterable[np.ndarray],
    fps: float,
    rate: float,
    count: int,
    keep: Callable[[np.ndarray], np.ndarray] = thumbnail,
) -> np.ndarray:
    """Thumbnails uint8 [count, SIZE, SIZE, 3] at another rate: of each moment, the frame that is seen then.

    Moment k is (k + 0.5) / rate seconds. After the last frame, it stays. Only thumbnails are kept.

    Args:
        frames: uint8 [height, width, 3] each.
        fps: frames in a second.
        rate: moments in a second.
        count: of moments.
        keep: makes something small of a frame.

    Raises:
        ValueError: there are no frames, or one has another shape.
    """
    checks.above("fps", fps, 0)
    wanted = np.floor((np.arange(count) + 0.5) / rate * fps + 1e-6).astype(int)
    found = list(_picked(frames, wanted, keep))
    if not found:
        raise ValueError("frames must be at least one, not none")
    return np.stack(found + [found[-1]] * (count - len(found)))


def _picked(
    frames: Iterable[np.ndarray], wanted: np.ndarray, keep: Callable[[np.ndarray], np.ndarray]
) -> Iterator[np.ndarray]:
    """The wanted frames, as often as they are wanted; the last one for what would be after it."""
    place, number, last = 0, -1, None
    for number, frame in enumerate(frames):
        last = frame
        if place < len(wanted) and wanted[place] == number:
            small = keep(frame)
            while place < len(wanted) and wanted[place] == number:
                yield small
                place += 1
        if place == len(wanted):
            return
    if last is not None:
        yield keep(last)
