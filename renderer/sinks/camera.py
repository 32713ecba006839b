"""A virtual camera: browsers, video calls and OBS see the pictures as those of a webcam (Linux, v4l2loopback)."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from renderer.sinks.sink import FPS

# Cameras without hardware; v4l2loopback makes them.
_VIRTUAL = Path("/sys/devices/virtual/video4linux")
_INSTALL = "sudo apt install v4l2loopback-dkms && sudo modprobe v4l2loopback exclusive_caps=1 card_label=hallu"


def devices(virtual: Path = _VIRTUAL) -> list[Path]:
    """The virtual cameras of this machine, in the order of their numbers."""
    names = [path.name for path in virtual.glob("video*") if path.name[5:].isdecimal()]
    return [Path("/dev") / name for name in sorted(names, key=lambda name: int(name[5:]))]


class CameraSink:
    """Writes frames as YUV 4:2:0, which every program reads, by FFmpeg's v4l2 output."""

    def __init__(self, device: Path | None = None, output: str = "v4l2") -> None:
        """`device`: the first virtual camera unless named; `output`: FFmpeg's name of what writes it."""
        self._device, self._output = device, output
        self._file: Any = None

    @staticmethod
    def missing() -> str:
        """See `PictureSink.missing`."""
        if not sys.platform.startswith("linux"):
            return "a virtual camera needs Linux; elsewhere OBS has one, which shows MJPEG, Spout or Syphon"
        if not devices():
            return f"there is no virtual camera; v4l2loopback makes one: {_INSTALL}"
        return ""

    def open(self, height: int, width: int) -> None:
        """See `PictureSink.open`."""
        import av

        device = self._device or next(iter(devices()), None)
        if device is None:
            raise FileNotFoundError(self.missing())
        self._file = av.open(str(device), "w", format=self._output)
        self._stream = self._file.add_stream("rawvideo", rate=FPS)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._count = 0

    def send(self, frame: np.ndarray) -> None:
        """See `PictureSink.send`."""
        import av

        image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24").reformat(format="yuv420p")
        image.pts, self._count = self._count, self._count + 1
        self._file.mux(self._stream.encode(image))

    def close(self) -> None:
        """See `PictureSink.close`."""
        if self._file is not None:
            self._file.close()
