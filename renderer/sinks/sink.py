"""What every sink of pictures offers."""

import importlib.util
from typing import Protocol

import numpy as np

# Nominal frames per second, for programs that want to know; frames come when they are rendered.
FPS = 30
# The name under which other programs find the pictures.
SOURCE = "hallu"


class PictureSink(Protocol):
    """Takes frames for other programs. One thread uses it, from `open` to `close`."""

    @staticmethod
    def missing() -> str:
        """Why it cannot be used here, and what to install, in one sentence; "": it can be used."""

    def open(self, height: int, width: int) -> None:
        """Begin, with frames of this size, both even.

        Raises:
            OSError: the other program or device cannot be reached.
        """

    def send(self, frame: np.ndarray) -> None:
        """Show a frame, uint8 [height, width, 3].

        Raises:
            OSError: the other program or device is gone.
        """

    def close(self) -> None:
        """End; also after an error."""


def is_available(sink: type[PictureSink]) -> bool:
    """Whether a sink can be used on this machine."""
    return not sink.missing()


def installed(package: str) -> bool:
    """Whether a package can be imported; it is not imported yet."""
    return importlib.util.find_spec(package) is not None


def with_alpha(frame: np.ndarray) -> np.ndarray:
    """A frame [h, w, 3] as RGBA uint8 [h, w, 4], opaque."""
    out = np.full((*frame.shape[:2], 4), 255, np.uint8)
    out[..., :3] = frame
    return out
