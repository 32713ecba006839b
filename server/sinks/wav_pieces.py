"""Deliver sounds in pieces as WAV files: the head of a note before the whole, and segments of a sound without an end.

A sound is resampled, and brought to a level, piece by piece, so that the pieces fit together sample by sample.
"""

from typing import TYPE_CHECKING

import numpy as np

from core.audio.live_level import HeldLevel
from core.audio.resample import StreamResampler, resampled_length
from server.osc.packet import Message
from server.sounds.rendered import Head, Pieces, RenderedSound, Segment

if TYPE_CHECKING:
    from server.sinks.wav_spool import WavSpool

# What OSC's integers have room for: half a day of frames at 48 kHz.
_INT_END = 2**31


def deliver_head(spool: "WavSpool", rate: int, head: Head, at_level: bool = False) -> Message:
    """Write the head of a sound; at its level, it is shorter by what the limiter looks ahead.

    Returns:
        `/sound/head` target path frames sample_rate total_frames.

    Raises:
        OSError: the folder is full or cannot be written.
        ValueError: the sound has values that are not finite.
    """
    pieces = head.pieces
    if not (len(pieces.files) == 2 and spool.renew(pieces.files)):
        _restart(pieces, head, rate, at_level)
        pieces.waves = [_next(pieces, head.wave, last=False)]
        pieces.files = spool.write(pieces.waves, rate)
    file = pieces.files[0]
    total = resampled_length(head.length, head.sample_rate, rate)
    return Message("/sound/head", (head.target, file.path, file.frames, rate, total))


def deliver_whole(spool: "WavSpool", rate: int, sound: RenderedSound, pieces: Pieces) -> Message:
    """Write a sound whose head has been delivered.

    Returns:
        `/sound/audio` target path frames sample_rate.

    Raises:
        OSError: the folder is full or cannot be written.
        ValueError: the sound has values that are not finite.
    """
    if len(pieces.files) < 2:
        rest = _next(pieces, sound.wave[pieces.samples :], last=True)
        pieces.files += spool.write([np.concatenate([*pieces.waves, rest])], rate)
        pieces.waves, pieces.stream, pieces.level = [], None, None
    file = pieces.files[1]
    return Message("/sound/audio", (sound.target, file.path, file.frames, rate))


def deliver_segment(spool: "WavSpool", rate: int, segment: Segment, at_level: bool = False) -> list[Message]:
    """Write the next part of a sound without an end.

    Returns:
        `/sound/segment` target index path frames sample_rate start_frame, the index and the last one modulo 2 ** 31;
        nothing where resampling or the level needs more of the sound before it gives the next samples.

    Raises:
        OSError: the folder is full or cannot be written.
        ValueError: the sound has values that are not finite.
    """
    wave = samples_of(segment, rate, at_level)
    if not len(wave):
        return []
    (file,) = spool.write([wave], rate)
    return [segment_message(segment, file.path, file.frames, rate)]


def samples_of(segment: Segment, rate: int, at_level: bool) -> np.ndarray:
    """The samples of a segment at a rate, [n]: those that follow the ones of the segment before.

    Raises:
        ValueError: the sound has values that are not finite.
    """
    if segment.pieces.stream is None:
        _restart(segment.pieces, segment, rate, at_level)
    return _next(segment.pieces, segment.wave, segment.last)


def segment_message(segment: Segment, path: str, frames: int, rate: int) -> Message:
    """`/sound/segment` for a segment that was delivered; see `deliver_segment`."""
    pieces = segment.pieces
    place = (pieces.index % _INT_END, path, frames, rate, pieces.frames % _INT_END)
    pieces.index, pieces.frames = pieces.index + 1, pieces.frames + frames
    return Message("/sound/segment", (segment.target, *place))


def _restart(pieces: Pieces, sound: Head | Segment, wanted: int, at_level: bool) -> None:
    pieces.stream, pieces.samples, pieces.rate = StreamResampler(sound.sample_rate, wanted), 0, wanted
    pieces.level = HeldLevel(sound.gain_db, wanted) if at_level else None


def _next(pieces: Pieces, wave: np.ndarray, last: bool) -> np.ndarray:
    pieces.samples += len(wave)
    found: np.ndarray = pieces.stream.next(wave, last=last)
    return found if pieces.level is None else pieces.level.next(found, last=last)
