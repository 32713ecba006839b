"""The newest frame, for everyone who shows or records it. Nothing is queued: slow readers skip frames."""

import io
import threading
from collections.abc import Callable

import numpy as np
from PIL import Image


def encode(image: np.ndarray, quality: int) -> bytes:
    """A frame [H, W, 3], uint8, as JPEG with full colour resolution: small frames are shown large."""
    memory = io.BytesIO()
    Image.fromarray(image).save(memory, "JPEG", quality=quality, subsampling=0)
    return memory.getvalue()


class Frames:
    """Holds one frame and its number, from 1. Methods may be called from any thread."""

    def __init__(self, quality: int = 90) -> None:
        """`quality` is that of the JPEG, 1..95."""
        self._quality = quality
        self._newest: tuple[int, np.ndarray | None] = (0, None)
        self._arrived = threading.Condition()
        self._jpeg = (0, b"")
        self._encoding = threading.Lock()
        self._listeners: tuple[Callable[[], None], ...] = ()
        self.encoded = 0

    @property
    def number(self) -> int:
        """Number of the newest frame; 0 before the first."""
        return self._newest[0]

    def put(self, image: np.ndarray) -> None:
        """Show this frame [H, W, 3], uint8, which must not change any more.

        Raises:
            ValueError: it has another type or shape.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ValueError(f"a frame must be uint8 [H, W, 3], not {image.dtype} {list(image.shape)}")
        with self._arrived:
            self._newest = (self._newest[0] + 1, image)
            self._arrived.notify_all()
        for listener in self._listeners:
            listener()

    def wait(self, after: int = 0, timeout: float | None = None) -> tuple[int, np.ndarray | None]:
        """The newest frame and its number, as soon as it is later than `after`.

        Args:
            after: a number.
            timeout: in seconds; then what there is, (0, None) before the first.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: self._newest[0] > after, timeout)
            return self._newest

    def jpeg(self) -> tuple[int, bytes]:
        """The newest frame as JPEG, and its number; (0, b"") before the first. Each is encoded once."""
        with self._encoding:
            number, image = self._newest
            if image is not None and number != self._jpeg[0]:
                self._jpeg = (number, encode(image, self._quality))
                self.encoded += 1
            return self._jpeg

    def listen(self, listener: Callable[[], None]) -> None:
        """Call this after each `put`, in the thread that renders: it must return at once."""
        self._listeners += (listener,)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling it."""
        self._listeners = tuple(one for one in self._listeners if one != listener)
