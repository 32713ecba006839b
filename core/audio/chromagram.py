"""Constant-Q chromagrams of sounds in pieces, tuned to the sound; the same values as librosa's."""

from collections.abc import Iterable

import numpy as np

from core.audio import constant_q, spectral_peaks
from core.audio.pieces import SAMPLE_RATE, Piece

_FFT = 2048
_STEPS = 100


def tuning(pieces: Iterable[Piece]) -> float:
    """How far the sound is from A = 440 Hz, in thirds of a semitone (-0.5..0.5), as librosa estimates it."""
    counts = np.zeros(_STEPS)
    for piece in pieces:
        inside = piece.samples[piece.margin : piece.margin + max(_FFT, len(piece.samples) - 2 * piece.margin)]
        pitch, strength = spectral_peaks.find(inside, SAMPLE_RATE, _FFT)
        found = pitch[strength >= np.median(strength)] if len(pitch) else pitch
        if len(found):
            rest = np.mod(36 * np.log2(found / (440.0 / 16)), 1.0)
            rest[rest >= 0.5] -= 1.0
            counts += np.histogram(rest, bins=_STEPS, range=(-0.5, 0.5))[0]
    return float(np.argmax(counts) / _STEPS - 0.5) if counts.any() else 0.0


def chroma(piece: Piece, hop: int, tuned: float) -> np.ndarray:
    """Raw chroma of a piece without its margins, float [frames, 12], C first; `tuned` as from `tuning`."""
    found = constant_q.chroma(constant_q.magnitudes(piece.samples, SAMPLE_RATE, hop, tuned))
    return found.T[piece.inner(hop)]
