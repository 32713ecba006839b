"""Fast features of a sound over time (loudness, onsets, pitch classes, brightness), for pictures that react to it.

Plain FFTs, 0.1 s for a minute of sound, because the server analyses what it generates. Songs are analysed in
core/audio/song_features.py, whose signals the documented settings of `hallu visualize` were made for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from core.audio import stft
from core.audio.stored_wave import Samples

FEATURE_RATE = 50  # moments a second
_WINDOW_S = 0.128
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 4000.0
_C0_HZ = 440.0 * 2.0 ** (-57 / 12)
# Below it a moment counts as silent.
_SILENCE_DB = -60.0
_SMALL = 1e-12
# Where brightness is 0, and how far above it is 1.
_DULL_HZ, _OCTAVES = 100.0, 6.0
# Spectra that are computed at a time, and that are kept of a sound: those of 80 s.
_MOMENTS, _MOST_KEPT = 512, 4096
RATE = Fraction(FEATURE_RATE)


@dataclass(frozen=True)
class Features:
    """Features at each of n moments, the first at 0 s; all finite and in 0..1, and 0 in silence.

    Attributes:
        rate: moments a second.
        loudness: float32 [n]; 1 where the sound is loudest.
        onsets: float32 [n]; how fast the level rises, 1 at its fastest, 0 where it falls.
        chroma: float32 [n, 12]; C first; the strongest pitch of a moment is 1.
        brightness: float32 [n]; the centroid of the spectrum on a scale of octaves, 0 at 100 Hz or below, 1 at 6.4 kHz
            or above; empty where it was not measured.
    """

    rate: Fraction
    loudness: np.ndarray
    onsets: np.ndarray
    chroma: np.ndarray
    brightness: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

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


def features(wave: Samples, sample_rate: int) -> Features:
    """Features of a wave [samples], float, at sample_rate Hz: FEATURE_RATE a second.

    Loudness is in decibels, from _SILENCE_DB below the loudest moment to it; onsets are rises of the whole spectrum.
    """
    spectra = _Spectra(wave, sample_rate)
    sums, tops, pitches, centroids = zip(*(_summary(block, sample_rate) for block in spectra), strict=True)
    power, top = np.concatenate(sums), max(tops)
    if power.max(initial=0.0) <= _SMALL:
        return Features(RATE, *(np.zeros((len(power), *more), np.float32) for more in ((), (), (12,), ())))
    decibels = 10.0 * np.log10(np.maximum(power / power.max(), _SMALL))
    loudness = np.clip(1.0 - decibels / _SILENCE_DB, 0.0, 1.0)
    chroma = normalized_chroma(np.concatenate(pitches), loudness > 0)
    octaves = np.log2(np.maximum(np.concatenate(centroids), _DULL_HZ) / _DULL_HZ) / _OCTAVES
    brightness = np.where(loudness > 0, np.minimum(octaves, 1.0), 0.0).astype(np.float32)
    return Features(RATE, loudness.astype(np.float32), _onsets(spectra, top).astype(np.float32), chroma, brightness)


class _Spectra:
    """One centred power spectrum for each moment, in blocks, float32 [n, bins].

    Those of a short sound are kept; those of a long one are computed each time they are read, so that half an hour
    takes no more memory than a minute.
    """

    def __init__(self, wave: Samples, sample_rate: int) -> None:
        self._wave, self._rate = wave, sample_rate
        self._size = 2 * round(_WINDOW_S * sample_rate / 2)
        self._count = 1 + int(len(wave) / sample_rate * FEATURE_RATE)
        self._kept = list(self._computed()) if self._count <= _MOST_KEPT else None

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self._kept) if self._kept is not None else self._computed()

    def _computed(self) -> Iterator[np.ndarray]:
        window = stft.hann_symmetric(self._size).astype(np.float32)
        for first in range(0, self._count, _MOMENTS):
            moments = np.arange(first, min(first + _MOMENTS, self._count))
            starts = np.round(moments * self._rate / FEATURE_RATE).astype(int)
            part = self._padded(starts[0] - self._size // 2, starts[-1] + self._size - self._size // 2)
            windows = stft.frames(part, self._size, 1)
            yield stft.power(windows[starts - starts[0]], window).astype(np.float32)

    def _padded(self, begin: int, end: int) -> np.ndarray:
        """The samples begin..end; outside the wave they are 0."""
        inside = np.asarray(self._wave[max(0, begin) : max(0, end)], np.float32)
        before = max(0, -begin)
        return np.pad(inside, (before, end - begin - before - len(inside)))


def _summary(spectra: np.ndarray, sample_rate: int) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Of spectra: their power [n], the largest value, the power by pitch class [n, 12], the centroids in Hz [n]."""
    power = spectra.sum(axis=1)
    # As with the pitch classes, no matrix product.
    magnitudes = np.sqrt(spectra)
    moments = (magnitudes * np.linspace(0.0, sample_rate / 2, spectra.shape[1], dtype=np.float32)).sum(axis=1)
    centroids = moments / np.maximum(magnitudes.sum(axis=1), _SMALL)
    return power, float(spectra.max()), _chroma(spectra, sample_rate), centroids


def _onsets(spectra: _Spectra, top: float) -> np.ndarray:
    """The rise of the compressed magnitudes from one moment to the next, against the largest."""
    rises, before = [], None
    for block in spectra:
        magnitudes = np.log1p(100.0 * np.sqrt(block / np.float32(top)))
        first = np.zeros_like(magnitudes[:1]) if before is None else before
        rises.append(np.maximum(np.diff(magnitudes, axis=0, prepend=first), 0.0).sum(axis=1))
        before = magnitudes[-1:]
    rise = np.concatenate(rises)
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
