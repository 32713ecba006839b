"""Write frames one after the other into an MP4 (H.264, with AAC sound), live and offline. No frame is kept."""

import importlib
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.audio.blocks import AudioSource
from core.files import atomic
from core.files.file_urls import file_url
from core.video.sound_track import SoundTrack
from renderer.video.fragments import OPTIONS, FragmentFile

# Constant quality; at 17 no artefacts are visible.
_H264 = {"crf": "17", "preset": "medium"}
_BT709, _LIMITED_RANGE = 1, 1
# The encoder holds no frame back: a kill loses only the last fragment. Without B-frames, which are out of order,
# the last frame is in the last fragment too: FFmpeg takes the length of such a file from there.
_AT_ONCE = {"tune": "zerolatency", "bf": "0"}
# With AVX-512, x264 encodes the same frames to other bytes now and then, at sizes such as 352 x 288.
_SAME_BYTES = {"x264-params": "asm=AVX2"}


class Writer(Protocol):
    """A file that takes frames."""

    def write(self, frame: np.ndarray) -> None:
        """Add a frame, uint8 [height, width, 3]."""

    def finish(self) -> None:
        """Write what is still buffered; no more frames follow."""

    def close(self) -> None:
        """Close the file, finished or not."""


class Mp4:
    """H.264 (yuv420p, BT.709) and, with a sound, AAC of exactly the same length; the index comes first.

    Args:
        path: of the file, with any suffix; or a file that is written in fragments, whose index comes last.
        height: even.
        width: even.
        rate: frames per second.
        sound: cut, or padded with silence, to the length of the video.

    Raises:
        ValueError: the size is odd.
    """

    def __init__(
        self, path: Path | FragmentFile, height: int, width: int, rate: Fraction, sound: AudioSource | None = None
    ) -> None:
        if height % 2 or width % 2:
            raise ValueError(f"H.264 needs an even width and height, not {width} x {height}")
        self._rate, self._frames = rate, 0
        self._file = _open(path)
        options = _H264 | (_SAME_BYTES if _has_avx512() else {}) | (_AT_ONCE if isinstance(path, FragmentFile) else {})
        self._video = self._file.add_stream("libx264", rate=rate, options=options)
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        self._video.codec_context.color_primaries = self._video.codec_context.color_trc = _BT709
        _set_colours(self._video.codec_context)
        self._audio = SoundTrack(self._file, sound) if sound else None

    def write(self, frame: np.ndarray) -> None:
        """See `Writer.write`."""
        import av

        # The file states its colour matrix: players would guess another for frames this small.
        coded = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709"
        )
        _set_colours(coded)
        coded.pts, coded.time_base = self._frames, 1 / self._rate
        self._file.mux(self._video.encode(coded))
        self._frames += 1
        if self._audio:
            self._audio.go_to(self._frames / self._rate)

    def finish(self) -> None:
        """See `Writer.finish`."""
        self._file.mux(self._video.encode(None))
        if self._audio:
            self._audio.finish()
        self._file.close()

    def close(self) -> None:
        """See `Writer.close`."""
        self._file.close()


def replace_sound(path: Path, sound: AudioSource) -> None:
    """Give an MP4 another sound, cut or padded to its length; the pictures stay as they are, bit by bit.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    import av

    with (
        atomic.replacing(path) as part,
        av.open(file_url(path), format="mp4", options={"protocol_whitelist": "file"}) as source,
        closing(_open(part)) as target,
    ):
        (pictures,) = source.streams.video
        stream, audio = target.add_stream_from_template(pictures), SoundTrack(target, sound)
        for packet in source.demux(pictures):
            if packet.dts is not None:
                audio.go_to(max(Fraction(0), packet.dts * packet.time_base))
                packet.stream = stream
                target.mux(packet)
        audio.go_to(pictures.duration * pictures.time_base)
        audio.finish()


def _open(path: Path | FragmentFile) -> Any:
    import av

    if isinstance(path, FragmentFile):
        return av.open(path, "w", format="mp4", options=OPTIONS)
    return av.open(file_url(path), "w", format="mp4", options={"movflags": "+faststart"})


def _has_avx512() -> bool:
    """Whether this processor has AVX-512, as NumPy found out; False where it does not say."""
    try:
        features = importlib.import_module("numpy._core._multiarray_umath").__cpu_features__
    except (ImportError, AttributeError):
        return False
    return bool(features.get("AVX512F", False))


def _set_colours(what: Any) -> None:
    what.color_range, what.colorspace = _LIMITED_RANGE, _BT709
