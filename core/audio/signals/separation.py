"""Parts of a wave [samples], mono float32 at SAMPLE_RATE: harmonic, percussive, bands. In pieces of 30 s."""

from collections.abc import Callable

import numpy as np

from core import checks
from core.audio import stft
from core.audio.pieces import PIECE_S, SAMPLE_RATE
from core.audio.signals.envelopes import FRAME, HOP

# The median filters see 15 hops of 512 samples to either side, the windows around them two more.
_MARGIN, _MEDIAN = 24 * HOP, 31
_ORDER = 4


def harmonic(wave: np.ndarray, margin: float = 3.0) -> np.ndarray:
    """What sounds on, such as notes; what is not `margin` times as harmonic as percussive is left out (Driedger 2014).

    Raises:
        ValueError: the margin is below 1.
    """
    checks.in_range("margin of harmonic", margin, 1)
    return _in_pieces(wave, lambda piece: _split(piece, margin)[0])


def percussive(wave: np.ndarray, margin: float = 3.0) -> np.ndarray:
    """What is short, such as strokes; see `harmonic`."""
    checks.in_range("margin of percussive", margin, 1)
    return _in_pieces(wave, lambda piece: _split(piece, margin)[1])


def harmonic_percussive(wave: np.ndarray) -> np.ndarray:
    """Both parts, [2, samples], whose sum is the wave; faster than one after the other."""
    return _in_pieces(wave, lambda piece: _split(piece, 1.0))


def _split(piece: np.ndarray, margin: float) -> np.ndarray:
    """The harmonic and the percussive part, float32 [2, samples] (Fitzgerald 2010; margins: Driedger 2014)."""
    from scipy.ndimage import median_filter

    window = stft.hann_periodic(FRAME)
    spectra = stft.spectra(stft.frames(np.pad(piece.astype(np.float32), FRAME // 2), FRAME, HOP), window)
    sizes = np.abs(spectra)
    along_time, along_frequency = median_filter(sizes, (_MEDIAN, 1)), median_filter(sizes, (1, _MEDIAN))
    masks = (_mask(along_time, along_frequency, margin), _mask(along_frequency, along_time, margin))
    return np.stack([stft.resynthesis(spectra * mask, FRAME, HOP, len(piece)) for mask in masks])


def _mask(part: np.ndarray, other: np.ndarray, margin: float) -> np.ndarray:
    """The share of a part's power in that of both; in silence a half, or with a margin none."""
    other = other * np.float32(margin)
    most = np.maximum(part, other)
    silent = most < np.finfo(np.float32).tiny
    most[silent] = 1
    power, rest = (part / most) ** 2, (other / most) ** 2
    return np.where(silent, 0.5 if margin == 1 else 0.0, power / np.where(silent, 1, power + rest)).astype(np.float32)


def band(wave: np.ndarray, low_hz: float = 0.0, high_hz: float = SAMPLE_RATE / 2) -> np.ndarray:
    """What is between two frequencies, without delay: a Butterworth filter of order 4, forwards and backwards.

    Raises:
        ValueError: the frequencies are not in order, or outside 0..11 025 Hz.
    """
    import scipy.signal

    nyquist = SAMPLE_RATE / 2
    checks.in_range("low_hz of band", low_hz, 0, nyquist, "Hz")
    checks.above("high_hz of band", high_hz, low_hz, nyquist, "Hz")
    if low_hz == 0 and high_hz == nyquist:
        return wave
    if low_hz == 0:
        sections = scipy.signal.butter(_ORDER, high_hz, "lowpass", output="sos", fs=SAMPLE_RATE)
    elif high_hz == nyquist:
        sections = scipy.signal.butter(_ORDER, low_hz, "highpass", output="sos", fs=SAMPLE_RATE)
    else:
        sections = scipy.signal.butter(_ORDER, (low_hz, high_hz), "bandpass", output="sos", fs=SAMPLE_RATE)

    def filtered(piece: np.ndarray) -> np.ndarray:
        found: np.ndarray = scipy.signal.sosfiltfilt(sections, piece, padlen=min(len(piece) - 1, SAMPLE_RATE))
        return found

    return _in_pieces(wave, filtered)


def _in_pieces(wave: np.ndarray, work: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Work that keeps the length, on pieces with margins; a wave of one piece is worked on whole."""
    size = HOP * (int(PIECE_S * SAMPLE_RATE) // HOP)
    found = np.empty(0, np.float32)
    for begin in range(0, len(wave), size):
        first, end = max(0, begin - _MARGIN), min(len(wave), begin + size)
        piece = work(wave[first : min(len(wave), end + _MARGIN)])
        if not begin:
            found = np.empty((*piece.shape[:-1], len(wave)), np.float32)
        found[..., begin:end] = piece[..., begin - first : end - first]
    return found
