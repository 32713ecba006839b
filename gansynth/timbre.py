"""What a note sounds like, without its level: log-mel power over time, and the distance of two sounds in it.

Steps of time grow from 16 ms at the onset to longer ones in the steady part, so that an attack counts as much as what
follows it. The onset comes first: silence before a sound does not count.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.audio import mel, stft
from core.audio.levels import SILENCE_DB

_FRAME_S, _HOP_S = 0.064, 0.016
_BANDS = 64
# The lengths of steps double about every 1.3 s: this many steps end at this frame.
_STEPS, _LONGEST_FRAMES = 48, 500
_LOWEST_HZ = 40.0
# Weaker than the mean by this much is as good as silent.
_FLOOR = 1e-6
# A sound has begun when it comes this near to its peak.
_ONSET_DB = -34.0
# A sound is compared for at least this long; a shorter one is followed by silence.
SHORTEST_S = 0.25


@dataclass(frozen=True)
class Timbre:
    """How the timbres of notes of one length are measured.

    Attributes:
        sample_rate: in Hz.
        samples: of a note.
    """

    sample_rate: int
    samples: int

    @property
    def size(self) -> int:
        """How many values a timbre has."""
        return (len(self._edges) - 1) * _BANDS

    def of(self, wave: np.ndarray) -> np.ndarray:
        """The timbre of a wave [samples], which starts with its onset: float32 [size] in dB, of mean power 0 dB."""
        wave = np.pad(wave[: self.samples], (0, max(0, self.samples - len(wave)))).astype(np.float32)
        size, hop = round(_FRAME_S * self.sample_rate), round(_HOP_S * self.sample_rate)
        frames = stft.centred_frames(wave, size, hop)[: self._edges[-1]]
        power = stft.power(frames, stft.hann_periodic(size).astype(np.float32)).astype(np.float32)
        bands = power @ _mel_bands(size, self.sample_rate)
        steps = np.add.reduceat(bands, self._edges[:-1], axis=0) / np.diff(self._edges)[:, None]
        return _levelled(steps).ravel()

    def shortened(self, timbres: np.ndarray, whole: "Timbre") -> np.ndarray:
        """Timbres [n, whole.size] of whole notes as those of their first `samples`: [n, size], nearly `of`."""
        steps = np.asarray(timbres, np.float32).reshape(len(timbres), -1, _BANDS)[:, : len(self._edges) - 1]
        return np.stack([_levelled(10.0 ** (one / 10.0)).ravel() for one in steps])

    @property
    def _edges(self) -> np.ndarray:
        return _edges(1 + (self.samples - 1) // round(_HOP_S * self.sample_rate))


def distance(timbres: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How far timbres [..., size] are from another one [size]: the root of the mean square in dB, [...]."""
    return np.sqrt(np.square(timbres - wanted).mean(axis=-1))


def from_onset(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """A sound without the silence before it, and at least SHORTEST_S long.

    Raises:
        ValueError: all of it is silence.
    """
    peak = np.abs(wave).max(initial=0.0)
    if not len(wave) or 20.0 * np.log10(max(peak, 1e-12)) < SILENCE_DB:
        raise ValueError(f"there is only silence in it (a peak below {SILENCE_DB:g} dBFS)")
    begins = int(np.flatnonzero(np.abs(wave) >= peak * 10.0 ** (_ONSET_DB / 20.0))[0])
    found = wave[begins:]
    return np.pad(found, (0, max(0, round(SHORTEST_S * sample_rate) - len(found))))


def _levelled(power: np.ndarray) -> np.ndarray:
    """Power [steps, bands] in dB against its mean over time; at least -60 dB."""
    mean = max(float(power.sum(axis=1).mean()), 1e-20)
    return (10.0 * np.log10(power / mean + _FLOOR)).astype(np.float32)


@lru_cache(maxsize=8)
def _edges(frames: int) -> np.ndarray:
    """Where steps begin, in frames, and where the last one ends. Those of a shorter sound are the first ones."""
    edges = np.unique(np.round(np.geomspace(1, 1 + _LONGEST_FRAMES, _STEPS)).astype(int)) - 1
    inside = edges[edges < frames]
    return np.append(inside, frames)


@lru_cache(maxsize=8)
def _mel_bands(size: int, sample_rate: int) -> np.ndarray:
    """Triangular bands that add power up, float32 [size // 2 + 1, _BANDS]."""
    bands = mel.bands(sample_rate, size, _BANDS, _LOWEST_HZ, htk=True, equal_energy=False)
    return np.ascontiguousarray(bands.T.astype(np.float32))
