"""Syphon: the pictures as a shared texture on macOS, for Resolume, VDMX, MadMapper, OBS and others."""

import sys
from typing import Any

import numpy as np

from renderer.sinks.sink import SOURCE, installed, with_alpha


class SyphonSink:
    """Publishes Metal textures by syphon-python."""

    def __init__(self, name: str = SOURCE) -> None:
        """`name`: what receivers list."""
        self._name = name
        self._server: Any = None

    @staticmethod
    def missing() -> str:
        """See `PictureSink.missing`."""
        if sys.platform != "darwin":
            return "Syphon is for macOS; use spout on Windows, camera or ndi on Linux"
        return "" if installed("syphon") else "syphon-python is not installed: pip install 'hallu[syphon]'"

    def open(self, height: int, width: int) -> None:
        """See `PictureSink.open`."""
        import syphon
        from syphon.utils.raw import create_mtl_texture

        self._server = syphon.SyphonMetalServer(self._name)
        self._texture = create_mtl_texture(self._server.device, width, height)

    def send(self, frame: np.ndarray) -> None:
        """See `PictureSink.send`."""
        from syphon.utils.numpy import copy_image_to_mtl_texture

        copy_image_to_mtl_texture(with_alpha(frame), self._texture)
        self._server.publish_frame_texture(self._texture)

    def close(self) -> None:
        """See `PictureSink.close`."""
        if self._server is not None:
            self._server.stop()
