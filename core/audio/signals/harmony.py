"""The twelve components of a wave [samples], mono float32 at SAMPLE_RATE: pitch classes, or what an NMF finds."""

import numpy as np

from core import checks
from core.audio import stft
from core.audio.blocks import Wave
from core.audio.chromagram import chroma as chroma_of
from core.audio.chromagram import tuning
from core.audio.features import normalized_chroma
from core.audio.pieces import SAMPLE_RATE, pieces
from core.audio.signals.envelopes import FRAME, HOP
from core.audio.signals.factorization import factorize, strengths_of
from core.audio.signals.signal import Signal

COMPONENTS = 12
_ITERATIONS = 500
# Components of longer sounds are found in this many moments, spread evenly over them: 12 000 are 49 MB.
_MOST_MOMENTS = 12_000
_BLOCK = 4096
_SMALL = 1e-10


def chroma(wave: np.ndarray) -> Signal:
    """The strength of the twelve pitch classes [n, 12], C first, the strongest of a moment 1; 43 moments a second."""
    sound = Wave(wave, SAMPLE_RATE)
    tuned = tuning(pieces(sound, HOP))
    found = np.concatenate([chroma_of(piece, HOP, tuned) for piece in pieces(sound, HOP)])
    return Signal(normalized_chroma(found, found.max(axis=1) > _SMALL), SAMPLE_RATE / HOP)


def decompose(wave: np.ndarray, components: int = COMPONENTS) -> Signal:
    """How strong each part of a sound is [n, components], 43 moments a second.

    The parts are spectra that a non-negative matrix factorisation finds (Lee and Seung 1999), in 500 iterations at
    most. In silence all are 0.
    """
    checks.whole("components of decompose", components, 1, COMPONENTS)
    count = 1 + len(wave) // HOP
    if np.abs(wave).max(initial=0.0) < _SMALL:
        return Signal(np.zeros((count, components)), SAMPLE_RATE / HOP)
    return Signal(_activations(wave, count, components), SAMPLE_RATE / HOP)


def _activations(wave: np.ndarray, count: int, components: int) -> np.ndarray:
    if count <= _MOST_MOMENTS:
        return factorize(_spectra(wave, np.arange(count)), components, _ITERATIONS)[0]
    some = _spectra(wave, np.linspace(0, count - 1, _MOST_MOMENTS).astype(int))
    parts = factorize(some, components, _ITERATIONS)[1]
    blocks = np.split(np.arange(count), range(_BLOCK, count, _BLOCK))
    return np.concatenate([strengths_of(_spectra(wave, moments), parts, _ITERATIONS) for moments in blocks])


def _spectra(wave: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Magnitudes float32 [n, 1025] around some moments, int [n]; the sound is between two silences."""
    window = stft.hann_periodic(FRAME)
    frames = stft.frames(np.pad(np.asarray(wave, np.float32), FRAME // 2), FRAME, HOP)
    blocks = np.split(moments, range(_BLOCK, len(moments), _BLOCK))
    return np.concatenate([stft.magnitudes(frames[block], window).astype(np.float32) for block in blocks])
