"""Parts of a wave [samples], mono float32 at SAMPLE_RATE: harmonic, percussive, bands. In pieces of 30 s."""

from collections.abc import Callable

import numpy as np

from core import checks
from core.audio.pieces import PIECE_S, SAMPLE_RATE
from core.audio.signals.envelopes import HOP

# The median filters see 15 hops of 512 samples to either side, the windows around them two more.
_MARGIN = 24 * HOP
_ORDER = 4


def harmonic(wave: np.ndarray, margin: float = 3.0) -> np.ndarray:
    """What sounds on, such as notes; what is not `margin` times as harmonic as percussive is left out (Driedger 2014).

    Raises:
        ValueError: the margin is below 1.
    """
    from librosa.effects import harmonic as harmonic_part

    checks.in_range("margin of harmonic", margin, 1)
    return _in_pieces(wave, lambda piece: harmonic_part(piece, margin=margin))


def percussive(wave: np.ndarray, margin: float = 3.0) -> np.ndarray:
    """What is short, such as strokes; see `harmonic`."""
    from librosa.effects import percussive as percussive_part

    checks.in_range("margin of percussive", margin, 1)
    return _in_pieces(wave, lambda piece: percussive_part(piece, margin=margin))


def harmonic_percussive(wave: np.ndarray) -> np.ndarray:
    """Both parts, [2, samples], whose sum is the wave; faster than one after the other."""
    from librosa.effects import hpss

    return _in_pieces(wave, lambda piece: np.stack(hpss(piece)))


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
