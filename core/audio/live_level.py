"""The level of a sound that goes on: a gain from its measured loudness, and a limiter that looks ahead.

Both are causal but for the limiter's look-ahead, and work on blocks of one fixed size, so that the result does not
depend on when or in what portions it is asked for.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from core.audio.levels import PEAK, gain
from core.audio.loudness import MAX_GAIN_DB, MIN_GAIN_DB, k_weighting

BLOCK_S = 0.05
LOOK_AHEAD_S = 0.005
# Loudness is that of the last 3 s; until they are over, an estimate counts as one second, and less and less.
_WINDOW_BLOCKS = 60
_ESTIMATE_BLOCKS = 20
# The gain follows by at most so much in each block: 6 dB in a second.
_FASTEST_DB = 0.3
_RELEASE_S = 0.3
_SILENCE = 1e-12


class LoudnessGain:
    """Brings blocks of a sound to a loudness, with a gain that changes slowly."""

    def __init__(self, target_lufs: float, sample_rate: int) -> None:
        self._target_lufs = target_lufs
        self._filter = KWeighting(sample_rate)
        self._powers: deque[float] = deque(maxlen=_WINDOW_BLOCKS)
        self._gain_db: float | None = None

    def next(self, block: np.ndarray, estimate: float) -> np.ndarray:
        """The next block, float [samples], at its level.

        Args:
            block: of BLOCK_S.
            estimate: K-weighted mean power that the sound is expected to have.
        """
        self._powers.append(float(np.mean(self._filter.next(block) ** 2)))
        measured = len(self._powers)
        guessed = _ESTIMATE_BLOCKS * (1.0 - measured / _WINDOW_BLOCKS)
        power = (sum(self._powers) + guessed * estimate) / (measured + guessed)
        # BS.1770 counts full-scale power as -0.691 LUFS.
        wanted_db = self._target_lufs + 0.691 - 10.0 * np.log10(power + _SILENCE)
        wanted_db = float(np.clip(wanted_db, MIN_GAIN_DB, MAX_GAIN_DB))
        before_db = wanted_db if self._gain_db is None else self._gain_db
        self._gain_db = before_db + float(np.clip(wanted_db - before_db, -_FASTEST_DB, _FASTEST_DB))
        return block * np.linspace(gain(before_db), gain(self._gain_db), len(block), endpoint=False)


class KWeighting:
    """The filters of BS.1770 over the blocks of one sound."""

    def __init__(self, sample_rate: int) -> None:
        self._sections = k_weighting(sample_rate)
        self._state = np.zeros((len(self._sections), 2))

    def next(self, block: np.ndarray) -> np.ndarray:
        """The filtered block, float64 [samples]."""
        from scipy.signal import sosfilt

        found, self._state = sosfilt(self._sections, block, zi=self._state)
        return np.asarray(found)


@dataclass(frozen=True)
class _Margins:
    """What the limiter keeps of the block before: `ahead` samples of sound, and as many of its gain; none at first."""

    wave: np.ndarray
    gains: np.ndarray
    lowest: float


class Limiter:
    """Keeps a sound below a ceiling: the gain falls before a peak, within the look-ahead, and rises slowly after it.

    It delays the sound by `ahead` samples, which the first block lacks and `finish` adds.
    """

    def __init__(self, ceiling: float, sample_rate: int) -> None:
        self.ahead = max(1, round(LOOK_AHEAD_S * sample_rate))
        self._ceiling = ceiling
        self._slope = 1.0 / (_RELEASE_S * sample_rate)
        self._margins = _Margins(np.zeros(0), np.zeros(0), 1.0)

    def next(self, block: np.ndarray) -> np.ndarray:
        """The samples that the next block, float [samples], completes."""
        before, ahead = self._margins, self.ahead
        wave = np.concatenate([before.wave, block])
        count = max(0, len(wave) - ahead)
        if not count:
            self._margins = _Margins(wave, before.gains, before.lowest)
            return wave[:0]
        allowed = np.minimum(1.0, self._ceiling / np.maximum(np.abs(wave), _SILENCE))
        if min(allowed.min(), before.gains.min(initial=1.0), before.lowest) == 1.0:
            # Nothing is above the ceiling or was lately: the rest would multiply by ones, a hundred times as slowly.
            self._margins = _Margins(wave[count:], np.ones(ahead), 1.0)
            return wave[:count]
        # The lowest gain that any sample within the look-ahead allows, and then no faster up than the release.
        lowest = np.lib.stride_tricks.sliding_window_view(allowed, ahead + 1).min(axis=1)[:count]
        ramp = self._slope * np.arange(1, count + 1)
        held = np.minimum.accumulate(np.concatenate([[before.lowest], lowest - ramp]))[1:] + ramp
        held = np.minimum(held, 1.0)
        # A sound that begins above the ceiling begins with the gain that its first samples allow.
        gains = np.concatenate([before.gains if len(before.gains) else np.full(ahead, held[0]), held])
        # The mean of gains that all allow this sample allows it too.
        smooth = np.lib.stride_tricks.sliding_window_view(gains, ahead + 1).mean(axis=1)
        self._margins = _Margins(wave[count:], gains[-ahead:], float(gains[-1]))
        return wave[:count] * smooth

    def finish(self) -> np.ndarray:
        """The samples that are left when no more come."""
        return self.next(np.zeros(self.ahead))


class HeldLevel:
    """A gain for a sound that comes in pieces, held to -1 dBFS by a limiter, which never clips."""

    def __init__(self, gain_db: float, sample_rate: int) -> None:
        self._factor, self._limiter = gain(gain_db), Limiter(PEAK, sample_rate)

    def next(self, piece: np.ndarray, *, last: bool = False) -> np.ndarray:
        """The samples, float32, that the next piece [samples] completes; with the last piece, all that are left."""
        found = self._limiter.next(piece.astype(np.float64) * self._factor)
        if last:
            found = np.concatenate([found, self._limiter.finish()])
        return found.astype(np.float32)


def held_blocks(blocks: Iterable[np.ndarray], gain_db: float, sample_rate: int) -> Iterator[np.ndarray]:
    """The blocks of a sound as `HeldLevel` makes them, as many samples in all."""
    level = HeldLevel(gain_db, sample_rate)
    for block in blocks:
        yield level.next(block)
    yield level.next(np.zeros(0, np.float32), last=True)
