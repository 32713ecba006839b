"""Decode the frames of any film that FFmpeg reads, at a steady rate (PyAV)."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import checks
from core.files import unreadable
from core.files.file_urls import file_url
from core.files.media import check_media

if TYPE_CHECKING:
    import av

log = logging.getLogger(__name__)

# Of the files that a folder is searched for; a file that is named may have any.
SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ogv", ".gif"})
MOST_PIXELS = 1 << 26
LONGEST_S = 6 * 3600.0
# A frame may be shown for this long; a damaged time stamp would otherwise repeat one for years.
_LONGEST_FRAME_S = 120.0


class DecodingError(ValueError):
    """A file has no frames that can be decoded; the message is the reason and does not name the file."""


@dataclass(frozen=True)
class _Shown:
    """A decoded frame, uint8 [height, width, 3], and when it is shown, in seconds."""

    pixels: np.ndarray
    start_s: Fraction
    duration_s: Fraction


def frames(path: Path, fps: float | Fraction, longest_s: float = LONGEST_S) -> Iterator[np.ndarray]:
    """The frames of a film at a steady rate, upright: each uint8 [height, width, 3].

    Frames are repeated or left out as FFmpeg's filter `fps` does it: frame n is the last one whose time, rounded to
    1/fps, is at most n/fps. A frame that is repeated is the same array.

    Args:
        path: the film.
        fps: frames per second, above 0 and at most 1000.
        longest_s: what follows this time is not read.

    Raises:
        DecodingError: there are no pictures in the file, they are larger than 2 ** 26 pixels, one is shown for longer
            than two minutes, or most of the file is damaged.
        OSError: the file cannot be read.
    """
    import av

    rate = Fraction(checks.above("fps", fps, 0, 1000)).limit_denominator(100_000)
    try:
        check_media(path)
    except ValueError as error:
        raise DecodingError(str(error)) from None
    try:
        # No other protocols: a playlist that is named like a film must not open anything else.
        with av.open(file_url(path), metadata_errors="replace", options={"protocol_whitelist": "file"}) as file:
            if not file.streams.video:
                raise DecodingError("there are no pictures in it")
            yield from _steady(_decoded(file), rate, longest_s)
    except av.FFmpegError as error:
        raise DecodingError(unreadable.reason(path, str(error.strerror))) from None


def _steady(shown: Iterable[_Shown], rate: Fraction, longest_s: float) -> Iterator[np.ndarray]:
    last, first_tick, next_tick, end_tick = None, 0, 0, round(longest_s * rate)
    for frame in shown:
        tick = _rounded(frame.start_s * rate)
        if last is None:
            first_tick, next_tick, end_tick = tick, tick, tick + end_tick
        else:
            if frame.start_s - last.start_s > _LONGEST_FRAME_S:
                raise DecodingError(f"a frame is shown for {float(frame.start_s - last.start_s):g} s")
            for _ in range(next_tick, min(tick, end_tick)):
                yield last.pixels
        if tick >= end_tick:
            return
        last, next_tick = frame, max(next_tick, tick)
    if last is None:
        raise DecodingError("there are no pictures in it")
    end = _rounded((last.start_s + min(last.duration_s, Fraction(_LONGEST_FRAME_S))) * rate)
    # Even the shortest film has a frame.
    for _ in range(next_tick, min(max(end, first_tick + 1), end_tick)):
        yield last.pixels


def _decoded(file: Any) -> Iterator[_Shown]:
    """The frames in the order of their time stamps; one that does not come after the frame before is left out."""
    import av

    stream = file.streams.video[0]
    stream.thread_type = "AUTO"
    start_s = Fraction(file.start_time or 0, av.time_base)
    usual_s = 1 / Fraction(stream.average_rate or 25)
    good, damaged, next_s = 0, 0, Fraction(-1)
    for packet in file.demux(video=0):
        try:
            found = packet.decode()
        except av.FFmpegError:
            damaged += 1
            continue
        for frame in found:
            if frame.width * frame.height > MOST_PIXELS:
                raise DecodingError(f"its frames have {frame.width} x {frame.height} pixels, more than {MOST_PIXELS}")
            time_s = next_s if frame.pts is None else frame.pts * frame.time_base - start_s
            duration_s = frame.duration * frame.time_base if frame.duration else usual_s
            good, next_s = good + 1, time_s + duration_s
            yield _Shown(_upright(frame), time_s, duration_s)
    if damaged > good:
        raise DecodingError(f"{damaged} of its {damaged + good} packets cannot be decoded")
    if damaged:
        log.warning("%s: %d packets cannot be decoded and are left out", file.name, damaged)


def _upright(frame: "av.VideoFrame") -> np.ndarray:
    """A frame's pixels, turned as its metadata says; phones film in one direction and note another."""
    pixels = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def _rounded(ticks: Fraction) -> int:
    """The nearest whole number; halves are rounded away from 0, as FFmpeg does it."""
    magnitude = int(abs(ticks) + Fraction(1, 2))
    return magnitude if ticks >= 0 else -magnitude
