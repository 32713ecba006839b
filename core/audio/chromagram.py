"""Constant-Q chromagrams of sounds in pieces, tuned to the sound (librosa)."""

from collections.abc import Iterable

import numpy as np

from core.audio.pieces import SAMPLE_RATE, Piece

_FFT = 2048
_STEPS = 100


def tuning(pieces: Iterable[Piece]) -> float:
    """How far the sound is from A = 440 Hz, in thirds of a semitone (-0.5..0.5), as librosa estimates it."""
    import librosa

    counts = np.zeros(_STEPS)
    for piece in pieces:
        inside = piece.samples[piece.margin : piece.margin + max(_FFT, len(piece.samples) - 2 * piece.margin)]
        pitch, strength = librosa.piptrack(y=inside, sr=SAMPLE_RATE, n_fft=_FFT)
        found = pitch[(pitch > 0) & (strength >= (np.median(strength[pitch > 0]) if (pitch > 0).any() else 0))]
        if len(found):
            rest = np.mod(36 * librosa.hz_to_octs(found), 1.0)
            rest[rest >= 0.5] -= 1.0
            counts += np.histogram(rest, bins=_STEPS, range=(-0.5, 0.5))[0]
    return float(np.argmax(counts) / _STEPS - 0.5) if counts.any() else 0.0


def chroma(piece: Piece, hop: int, tuned: float) -> np.ndarray:
    """Raw chroma of a piece without its margins, float [frames, 12], C first; `tuned` as from `tuning`."""
    import librosa

    found = librosa.feature.chroma_cqt(y=piece.samples, sr=SAMPLE_RATE, hop_length=hop, norm=None, tuning=tuned)
    return found.T[piece.inner(hop)]
