"""Fast features of a sound over time (loudness, onsets, pitch classes), for pictures that react to generated sounds.

Plain FFTs, 0.1 s for a minute of sound, because the server analyses what it generates. Songs are analysed in
core/audio/song_features.py, whose signals the documented settings of `hallu visualize` were made for.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from core.audio import stft

FEATURE_RATE = 50  # moments a second
_WINDOW_S = 0.128
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 4000.0
_C0_HZ = 440.0 * 2.0 ** (-57 / 12)
# Below it a moment counts as silent.
_SILENCE_DB = -60.0
_SMALL = 1e-12
RATE = Fraction(FEATURE_RATE)


@dataclass(frozen=True)
class Features:
    """Features at each of n moments, the first at 0 s; all finite and in 0..1, and 0 in silence.

    Attributes:
        rate: moments a second.
        loudness: float32 [n]; 1 where the sound is loudest.
        onsets: float32 [n]; how fast the level rises, 1 at its fastest, 0 where it falls.
        chroma: float32 [n, 12]; C first; the strongest pitch of a moment is 1.
    """

    rate: Fraction
    loudness: np.ndarray
    onsets: np.ndarray
    chroma: np.ndarray

    def __len__(self) -> int:
        return len(self.loudness)

    @property
    def order(self) -> np.ndarray:
        """The twelve pitches, the one strongest on average first."""
        return np.argsort(-self.chroma.mean(axis=0), kind="stable")


def normalized_chroma(chroma: np.ndarray, audible: np.ndarray) -> np.ndarray:
    """Chroma [n, 12] with each moment's strongest pitch at 1, float32; all 0 where not `audible`, bool [n]."""
    peak = chroma.max(axis=1, keepdims=True)
    return np.where(audible[:, None] & (peak > 0), chroma / np.where(peak > 0, peak, 1.0), 0.0).astype(np.float32)


def features(wave: np.ndarray, sample_rate: int) -> Features:
    """Features of a wave [samples], float, at sample_rate Hz: FEATURE_RATE a second.

    Loudness is in decibels, from _SILENCE_DB below the loudest moment to it; onsets are rises of the whole spectrum.
    """
    spectra = _power_spectra(np.asarray(wave, np.float32), sample_rate)
    power = spectra.sum(axis=1)
    if power.max(initial=0.0) <= _SMALL:
        return Features(RATE, *(np.zeros((len(spectra), *more), np.float32) for more in ((), (), (12,))))
    decibels = 10.0 * np.log10(np.maximum(power / power.max(), _SMALL))
    loudness = np.clip(1.0 - decibels / _SILENCE_DB, 0.0, 1.0)
    chroma = normalized_chroma(_chroma(spectra, sample_rate), loudness > 0)
    return Features(RATE, loudness.astype(np.float32), _onsets(spectra).astype(np.float32), chroma)


def _power_spectra(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """[n, bins]: one centred window for each moment."""
    size = 2 * round(_WINDOW_S * sample_rate / 2)
    count = 1 + int(len(wave) / sample_rate * FEATURE_RATE)
    starts = np.round(np.arange(count) * sample_rate / FEATURE_RATE).astype(int)
    padded = np.concatenate([np.zeros(size // 2, np.float32), wave, np.zeros(size, np.float32)])
    windows = stft.frames(padded, size, 1)
    # In parts, so that a long sound does not need all windows at once.
    window = stft.hann_symmetric(size).astype(np.float32)
    parts = [stft.power(windows[starts[i : i + 512]], window) for i in range(0, count, 512)]
    return np.concatenate(parts).astype(np.float32)


def _onsets(spectra: np.ndarray) -> np.ndarray:
    """The rise of the compressed magnitudes from one moment to the next, against the largest."""
    magnitudes = np.log1p(100.0 * np.sqrt(spectra / spectra.max()))
    rise = np.maximum(np.diff(magnitudes, axis=0, prepend=np.zeros_like(magnitudes[:1])), 0.0).sum(axis=1)
    return rise / max(rise.max(), _SMALL)


def _chroma(spectra: np.ndarray, sample_rate: int) -> np.ndarray:
    """The power of the spectrum's peaks by pitch class; only peaks, because leakage beside them is not a pitch."""
    frequencies = np.linspace(0.0, sample_rate / 2, spectra.shape[1])
    used = (frequencies >= _LOWEST_HZ) & (frequencies <= _HIGHEST_HZ)
    beside = np.pad(spectra, ((0, 0), (1, 1)))
    peaks = np.where((spectra >= beside[:, :-2]) & (spectra > beside[:, 2:]), spectra, 0.0)[:, used]
    classes = np.round(12.0 * np.log2(frequencies[used] / _C0_HZ)).astype(int) % 12
    # Without a matrix product: BLAS's threads keep spinning after one, and the next note would take twice as long.
    return np.stack([peaks[:, classes == pitch].sum(axis=1) for pitch in range(12)], axis=1)
