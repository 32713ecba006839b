"""Spout: the pictures as a shared texture on Windows, for Resolume, TouchDesigner, OBS and others."""

import sys
from typing import Any

import numpy as np

from renderer.sinks.sink import SOURCE, installed, with_alpha

_GL_RGBA = 0x1908


class SpoutSink:
    """Sends RGBA by SpoutGL, which makes the OpenGL context that it needs."""

    def __init__(self, name: str = SOURCE) -> None:
        """`name`: what receivers list."""
        self._name = name
        self._sender: Any = None

    @staticmethod
    def missing() -> str:
        """See `PictureSink.missing`."""
        if sys.platform != "win32":
            return "Spout is for Windows; use syphon on macOS, camera or ndi on Linux"
        return "" if installed("SpoutGL") else "SpoutGL is not installed: pip install 'hallu[spout]'"

    def open(self, height: int, width: int) -> None:
        """See `PictureSink.open`."""
        import SpoutGL

        self._size = (width, height)
        self._sender = SpoutGL.SpoutSender()
        self._sender.setSenderName(self._name)

    def send(self, frame: np.ndarray) -> None:
        """See `PictureSink.send`."""
        if not self._sender.sendImage(with_alpha(frame).tobytes(), *self._size, _GL_RGBA, False, 0):
            raise OSError("Spout takes no frames: this machine's graphics driver shares no textures")
        self._sender.setFrameSync(self._name)

    def close(self) -> None:
        """See `PictureSink.close`."""
        if self._sender is not None:
            self._sender.releaseSender()
