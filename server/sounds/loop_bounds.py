"""What keeps a loop of pictures and sounds alive, and within bounds.

A loop can die (still pictures, no sound, still pictures) and it can run away (flicker, noise, flicker). Three things
are measured in each round, and steered:

* how much the pictures move. The sound moves them more or less (`drive`) until they move as wanted; the drive changes
  by a factor of 2 at most from round to round, and stays within its range.
* how loud the sound is. It is brought to the common loudness, by 6 dB a second at most, and limited.
* how new the sound is. While parts are silent, or like the ones before them, they are drawn more freely
  (`temperature`); while they change, less and less.

What the sound moves is bounded by itself: signals are within 0..1, and pictures without a sound keep their own slow
motion, so a round never starts from nothing.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from core.audio.features import Features, features
from core.audio.levels import gain
from core.audio.live_level import BLOCK_S, Limiter, LoudnessGain
from core.audio.loudness import TARGET_LUFS

# How much of the range of brightness pixels change by in a second, at the amounts 0 and 1.
SLOW, FAST = 0.1, 1.5
LEAST_DRIVE, MOST_DRIVE = 0.05, 2.5
MOST_TEMPERATURE = 1.6
_FASTEST, _STIFFNESS = 2.0, 0.7
_STEP = 0.15
# Two parts are alike below this distance of their features, and a part is silent below this level.
_ALIKE, _SILENT_RMS = 0.08, 1e-3
_PEAK_DB = -1.0
_SMALL = 1e-4


@dataclass(frozen=True)
class LoopState:
    """What the next round is made with.

    Attributes:
        drive: how strongly the sound moves the pictures; 1 is as it usually does.
        temperature: how freely the next part is drawn.
        motion: of the pictures, as measured last.
        portrait: of the part before, as `portrait` gives it; empty: there was none.
    """

    drive: float = 1.0
    temperature: float = 1.0
    motion: float = 0.0
    portrait: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def after(self, motion: float, wave: np.ndarray, sample_rate: int, amount: float) -> "LoopState":
        """The state after a round.

        Args:
            motion: of the pictures that the part was made for.
            wave: the part, float [samples].
            sample_rate: in Hz.
            amount: how much the pictures are to move, 0..1.
        """
        wanted = SLOW * (FAST / SLOW) ** amount
        factor = np.clip((wanted / max(motion, _SMALL)) ** _STIFFNESS, 1 / _FASTEST, _FASTEST)
        drive = float(np.clip(self.drive * factor, LEAST_DRIVE, MOST_DRIVE))
        now = portrait(features(wave, sample_rate), wave)
        stale = rms(wave) < _SILENT_RMS or (len(self.portrait) and np.abs(now - self.portrait).mean() < _ALIKE)
        temperature = float(np.clip(self.temperature + (_STEP if stale else -_STEP / 2), 1.0, MOST_TEMPERATURE))
        return replace(self, drive=drive, temperature=temperature, motion=motion, portrait=now)


def portrait(found: Features, wave: np.ndarray) -> np.ndarray:
    """A sound in 16 numbers in 0..1, to compare it with another one: pitch classes, level, onsets, their rate, RMS."""
    more = (found.loudness.mean(), found.onsets.mean(), (found.onsets > 0.3).mean(), min(1.0, 4 * rms(wave)))
    return np.concatenate([found.chroma.mean(axis=0), more])


def motion(frames: np.ndarray, fps: float) -> float:
    """How much pictures move: the mean change of their pixels in a second, in units of the whole range.

    Args:
        frames: uint8 [n, height, width, 3].
        fps: frames in a second.
    """
    if len(frames) < 2:
        return 0.0
    pairs = zip(frames[1:], frames[:-1], strict=True)
    changes = [np.abs(np.subtract(one, other, dtype=np.int16)).mean() for one, other in pairs]
    return float(np.mean(changes)) / 255.0 * fps


def rms(wave: np.ndarray) -> float:
    """The root of the mean square of a wave."""
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) if len(wave) else 0.0


class LoopLevel:
    """Joins the parts of a loop without a gap, at one loudness, below a ceiling."""

    def __init__(self, sample_rate: int, gain_db: float, crossfade_s: float = 0.15) -> None:
        """Begin with silence.

        Args:
            sample_rate: in Hz.
            gain_db: what brings sounds of the model to the common loudness; it is left to the client.
            crossfade_s: how long the end of a part and the beginning of the next one sound together.
        """
        self._block = round(BLOCK_S * sample_rate)
        self._fade = round(crossfade_s * sample_rate)
        self._level = LoudnessGain(TARGET_LUFS - gain_db, sample_rate)
        self._limiter = Limiter(gain(_PEAK_DB - gain_db), sample_rate)
        # The power of a sound that needs no other gain.
        self._estimate = 10.0 ** ((TARGET_LUFS - gain_db + 0.691) / 10.0)
        self._tail = np.zeros(0)
        self._rest = np.zeros(0)

    def add(self, wave: np.ndarray) -> np.ndarray:
        """The samples that the next part, float [samples], completes: all but its last crossfade, or so."""
        fade = min(self._fade, len(wave) // 2)
        joined, body = self._joined(wave[:fade]), wave[fade : len(wave) - fade]
        self._tail = np.asarray(wave[len(wave) - fade :], np.float64)
        return self._levelled(np.concatenate([joined, body]))

    def finish(self) -> np.ndarray:
        """The samples that are left, faded out."""
        tail, self._tail = self._tail * np.linspace(1.0, 0.0, len(self._tail)), np.zeros(0)
        last = self._levelled(tail)
        rest = self._level.next(self._rest, self._estimate) if len(self._rest) else self._rest
        return np.concatenate([last, self._limiter.next(rest), self._limiter.finish()]).astype(np.float32)

    def _joined(self, head: np.ndarray) -> np.ndarray:
        """The end of the part before, and the beginning of this one; their powers add up to one."""
        part = np.sin(0.5 * np.pi * (np.arange(len(head)) + 0.5) / max(1, len(head)))
        if not len(self._tail):
            return head * part
        count = min(len(self._tail), len(head))
        tail = self._tail[:count] * np.cos(0.5 * np.pi * (np.arange(count) + 0.5) / max(1, count))
        return np.concatenate([tail + (head * part)[:count], (head * part)[count:]])

    def _levelled(self, wave: np.ndarray) -> np.ndarray:
        wave = np.concatenate([self._rest, wave])
        whole = len(wave) - len(wave) % self._block
        self._rest = wave[whole:]
        blocks = [self._level.next(block, self._estimate) for block in wave[:whole].reshape(-1, self._block)]
        found = [self._limiter.next(block) for block in blocks]
        return np.concatenate([np.zeros(0), *found]).astype(np.float32)
