"""Decode the sound of any file that FFmpeg reads, block by block (PyAV)."""

import functools
import itertools
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.audio.ogg_links import Link, ogg_links
from core.files import unreadable
from core.files.file_urls import file_url
from core.files.media import check_media
from core.files.regular import open_regular

if TYPE_CHECKING:
    import av

log = logging.getLogger(__name__)

LOWEST_RATE = 1000


class DecodingError(ValueError):
    """A file has no sound that can be decoded; the message is the reason and does not name the file."""


@dataclass(frozen=True)
class Block:
    """A piece of sound: float32 [channels, samples], and its rate in Hz."""

    samples: np.ndarray
    sample_rate: int


def check_rate(sample_rate: int) -> int:
    """A rate, if it is high enough: of a low one a small file would last for days.

    Raises:
        DecodingError: it is too low.
    """
    if sample_rate < LOWEST_RATE:
        raise DecodingError(f"its rate is {sample_rate} Hz, and must be at least {LOWEST_RATE} Hz")
    return sample_rate


def decode(path: Path, layout: str | None = None, sample_rate: int | None = None) -> Iterator[Block]:
    """The sound of a file from its beginning; of a video, its first audio track.

    Gaps between the file's time stamps are ignored: samples follow samples. What cannot be decoded is left out, and
    the log reports it once.

    Args:
        path: the file.
        layout: "mono" or "stereo" to mix all blocks to it; None: each block has the channels that its part of the file
            has.
        sample_rate: in Hz, to resample all blocks to it; None: as in the file, where it can change on the way.

    Raises:
        DecodingError: there is no sound in the file, or most of it is damaged.
        OSError: the file cannot be read.
    """
    import av

    _check(path)
    packets = _Packets()
    try:
        frames = itertools.chain.from_iterable(packets.frames(file) for file in _opened(path, packets))
        yield from _converted(frames, layout, sample_rate)
    except av.FFmpegError as error:
        raise DecodingError(unreadable.reason(path, str(error.strerror))) from None
    packets.check()
    if packets.damaged:
        _report(path, packets.summary())


def _opened(path: Path, packets: "_Packets") -> Iterator[Any]:
    """The file opened, or one after the other the links of a joined one, which FFmpeg does not decode in one go."""
    import av

    links = ogg_links(path)
    with open_regular(path) as raw:
        for link in links if len(links) > 1 else [None]:
            source = file_url(path) if link is None else Link(raw, *link)
            try:
                # No other protocols: a playlist that is named like a song must not open anything else.
                file = av.open(source, metadata_errors="replace", options={"protocol_whitelist": "file"})
            except av.FFmpegError:
                if not packets.good:
                    raise
                packets.count_damaged()
                continue
            with file:
                if not file.streams.audio:
                    raise DecodingError("there is no sound in it")
                yield file


class _Packets:
    """Decodes packets and counts the damaged ones, also those after the last good one."""

    def __init__(self) -> None:
        self.good = self.damaged = self._damaged_at_end = 0

    def frames(self, file: Any) -> Iterator["av.AudioFrame"]:
        import av

        for packet in file.demux(audio=0):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.count_damaged()
                continue
            if frames:
                self.good += 1
                self._damaged_at_end = 0
            yield from frames

    def count_damaged(self) -> None:
        """Count something that cannot be decoded."""
        self.damaged += 1
        self._damaged_at_end += 1

    def check(self) -> None:
        """Refuse a file of which nothing or less than a half was decoded."""
        if not self.good and not self.damaged:
            raise DecodingError("there are no samples in it")
        if self.damaged >= self.good:
            raise DecodingError(f"{self.damaged} of its {self.damaged + self.good} packets cannot be decoded")

    def summary(self) -> str:
        if self._damaged_at_end == self.damaged:
            return "what follows the sound at its end cannot be decoded and is ignored"
        return f"{self.damaged} of its {self.damaged + self.good} packets cannot be decoded and are left out"


def _converted(frames: Iterable["av.AudioFrame"], layout: str | None, sample_rate: int | None) -> Iterator[Block]:
    """Frames as float blocks, with a new resampler wherever the format of the frames changes."""
    import av

    resampler, current, mixed = None, None, None
    for frame in frames:
        found = (frame.format.name, frame.layout.name, check_rate(frame.sample_rate))
        if found != current:
            yield from _resampled(resampler, None, mixed)
            # FFmpeg mixes only channels whose places it knows: not the 32 of a mixing desk.
            mixed = layout if layout and frame.layout.name.endswith(" channels") else None
            own = mixed is not None or not layout
            resampler = av.AudioResampler("flt", frame.layout if own else layout, sample_rate or frame.sample_rate)
            current = found
        frame.pts = None
        yield from _resampled(resampler, frame, mixed)
    yield from _resampled(resampler, None, mixed)


def _resampled(resampler: Any, frame: "av.AudioFrame | None", mixed: str | None) -> Iterator[Block]:
    """What a resampler gives, or the mean of its channels in each one of the layout `mixed`.

    Interleaved, since PyAV reads past the end of a frame that has eight planes or more.
    """
    import av

    if resampler:
        for piece in resampler.resample(frame):
            samples = piece.to_ndarray().reshape(-1, piece.layout.nb_channels)
            if mixed:
                samples = samples.mean(axis=1, keepdims=True).repeat(av.AudioLayout(mixed).nb_channels, axis=1)
            yield Block(np.ascontiguousarray(samples.T), piece.sample_rate)


def _check(path: Path) -> None:
    try:
        check_media(path)
    except ValueError as error:
        raise DecodingError(str(error)) from None


@functools.cache
def _report(path: Path, summary: str) -> None:
    """Say once, however often the file is decoded, what was left out."""
    log.warning("%s: %s", path, summary)
