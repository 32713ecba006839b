"""The sound of a recording: what played, at one rate, sample after sample, whatever the pictures' timing does.

It is read on in the sound itself: a player that tells again where it is makes no click. Only where another sound
begins, or this one jumps or is stopped, a short fade goes from one to the other.
"""

from dataclasses import dataclass

import numpy as np

from renderer.live.transport import Playing, Transport

# Changes are looked for so often, and are faded over as long.
_STEP_S = 0.01
# A player that is further away from where we read has jumped: two and a half pictures would be seen.
_APART_S = 0.04
_FULL = 32768.0


@dataclass
class _Voice:
    """A sound that is being read: int16 [n], and the place of its next sample. Before and after it is silence."""

    number: int
    values: np.ndarray
    place: int

    def read(self, count: int) -> np.ndarray:
        begin, self.place = self.place, self.place + count
        heard = self.values[max(0, begin) : max(0, begin + count)] / np.float32(_FULL)
        before = min(count, max(0, -begin))
        return np.pad(heard, (before, count - before - len(heard)))


class AudioTrack:
    """Mono float32 at `rate` hertz of what a player plays."""

    def __init__(self, player: Transport, rate: int) -> None:
        self._player, self._rate = player, rate
        self._voice: _Voice | None = None

    def read(self, begin_s: float, count: int) -> np.ndarray:
        """The `count` samples from a time on, float32 [count]; times follow each other."""
        step = max(1, round(_STEP_S * self._rate))
        pieces = [self._piece(begin_s + done / self._rate, min(step, count - done)) for done in range(0, count, step)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def _piece(self, begin_s: float, count: int) -> np.ndarray:
        before, now = self._voice, self._due(begin_s, begin_s + count / self._rate)
        self._voice = now
        if now is before:
            return now.read(count) if now else np.zeros(count, np.float32)
        fade = np.linspace(0.0, 1.0, count, dtype=np.float32)
        heard = np.zeros(count, np.float32)
        if before:
            heard += (1.0 - fade) * before.read(count)
        if now:
            # A sound that begins here has its own beginning.
            rise = fade if now.place > 0 else 1.0
            heard += rise * now.read(count)
        return heard

    def _due(self, begin_s: float, end_s: float) -> _Voice | None:
        """What is to be read from `begin_s` on: the same as before, if it is still there."""
        playing, voice = self._player.at(end_s), self._voice
        if playing is None:
            return None
        place = round((begin_s - playing.since_s) * self._rate)
        if voice and voice.number == playing.number and abs(voice.place - place) <= _APART_S * self._rate:
            return voice
        values = voice.values if voice and voice.number == playing.number else self._values(playing)
        return None if values is None else _Voice(playing.number, values, place)

    def _values(self, playing: Playing) -> np.ndarray | None:
        samples = self._player.samples(playing)
        return samples.at_rate(self._rate) if samples else None
