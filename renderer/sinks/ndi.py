"""NDI: the pictures as a source in the local network, for OBS, vMix, Resolume, TouchDesigner and others."""

from fractions import Fraction
from typing import Any

import numpy as np

from renderer.sinks.sink import FPS, SOURCE, installed, with_alpha


class NdiSink:
    """Sends RGBA by cyndilib, which brings the NDI runtime (Vizrt's licence) with it."""

    def __init__(self, name: str = SOURCE) -> None:
        """`name`: what receivers list, after the name of this machine."""
        self._name = name
        self._sender: Any = None

    @staticmethod
    def missing() -> str:
        """See `PictureSink.missing`."""
        return "" if installed("cyndilib") else "cyndilib is not installed: pip install 'hallu[ndi]'"

    def open(self, height: int, width: int) -> None:
        """See `PictureSink.open`."""
        from cyndilib.sender import Sender
        from cyndilib.video_frame import VideoSendFrame
        from cyndilib.wrapper.ndi_structs import FourCC

        video = VideoSendFrame()
        video.set_resolution(width, height)
        video.set_frame_rate(Fraction(FPS))
        video.set_fourcc(FourCC.RGBA)
        # Not clocked: this thread waits for frames, not for NDI.
        sender = Sender(self._name, clock_video=False)
        sender.set_video_frame(video)
        sender.open()
        self._sender = sender

    def send(self, frame: np.ndarray) -> None:
        """See `PictureSink.send`."""
        self._sender.write_video(with_alpha(frame).ravel())

    def close(self) -> None:
        """See `PictureSink.close`."""
        if self._sender is not None:
            self._sender.close()
