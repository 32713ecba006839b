"""The audio track of a recording: what played, at one sample rate, without gaps, whatever the frames' timing is.

A sound is read on sample by sample: a client that reports its position again makes no click. Only where another sound
begins, or this one jumps or stops, there is a short crossfade.
"""

from dataclasses import dataclass

import numpy as np

from renderer.live.transport import Playing, Transport

# The transport is checked this often, and crossfades are this long.
_STEP_S = 0.01
# A reported position that differs by more than this is a jump: a difference of two and a half frames is visible.
_JUMP_S = 0.04
_FULL_SCALE = 32768.0


@dataclass
class _Reader:
    """A sound that is being read: int16 [n], and the index of its next sample. Before and after it is silence."""

    number: int
    values: np.ndarray
    place: int

    def read(self, count: int) -> np.ndarray:
        begin, self.place = self.place, self.place + count
        block = self.values[max(0, begin) : max(0, begin + count)] / np.float32(_FULL_SCALE)
        before = min(count, max(0, -begin))
        return np.pad(block, (before, count - before - len(block)))


class AudioTrack:
    """What a transport plays, as mono float32 at `rate` hertz."""

    def __init__(self, transport: Transport, rate: int) -> None:
        self._transport, self._rate = transport, rate
        self._reader: _Reader | None = None

    def read(self, begin_s: float, count: int) -> np.ndarray:
        """The `count` samples from a time on, float32 [count]; calls must follow each other in time."""
        step = max(1, round(_STEP_S * self._rate))
        pieces = [self._piece(begin_s + done / self._rate, min(step, count - done)) for done in range(0, count, step)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def _piece(self, begin_s: float, count: int) -> np.ndarray:
        before, now = self._reader, self._current(begin_s, begin_s + count / self._rate)
        self._reader = now
        if now is before:
            return now.read(count) if now else np.zeros(count, np.float32)
        fade = np.linspace(0.0, 1.0, count, dtype=np.float32)
        block = np.zeros(count, np.float32)
        if before:
            block += (1.0 - fade) * before.read(count)
        if now:
            # A sound that starts from its beginning keeps its own attack.
            rise = fade if now.place > 0 else 1.0
            block += rise * now.read(count)
        return block

    def _current(self, begin_s: float, end_s: float) -> _Reader | None:
        """What to read from `begin_s` on: the same reader as before, unless the sound changed or jumped."""
        playing, reader = self._transport.at(end_s), self._reader
        if playing is None:
            return None
        place = round((begin_s - playing.since_s) * self._rate)
        if reader and reader.number == playing.number and abs(reader.place - place) <= _JUMP_S * self._rate:
            return reader
        values = reader.values if reader and reader.number == playing.number else self._values(playing)
        return None if values is None else _Reader(playing.number, values, place)

    def _values(self, playing: Playing) -> np.ndarray | None:
        samples = self._transport.samples(playing)
        return samples.at_rate(self._rate) if samples else None
