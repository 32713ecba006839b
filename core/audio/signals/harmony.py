"""The twelve components of a wave [samples], mono float32 at SAMPLE_RATE: pitch classes, or what an NMF finds."""

import numpy as np

from core import checks
from core.audio import stft
from core.audio.blocks import Wave
from core.audio.chromagram import chroma as chroma_of
from core.audio.chromagram import tuning
from core.audio.features import normalized_chroma
from core.audio.pieces import SAMPLE_RATE, pieces
from core.audio.signals.levels import FRAME, HOP
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

    The parts are spectra that a non-negative matrix factorisation finds (Lee and Seung 1999; scikit-learn, 500
    iterations at most, from the same start each time). In silence all are 0.
    """
    checks.whole("components of decompose", components, 1, COMPONENTS)
    spectra = np.concatenate(list(_spectra(wave)))
    if spectra.max(initial=0.0) < _SMALL:
        return Signal(np.zeros((len(spectra), components)), SAMPLE_RATE / HOP)
    return Signal(_activations(spectra, components), SAMPLE_RATE / HOP)


def _activations(spectra: np.ndarray, components: int) -> np.ndarray:
    import warnings

    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(n_components=components, max_iter=_ITERATIONS, random_state=0)
    with warnings.catch_warnings():
        # The last iterations change nothing that could be seen.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if len(spectra) <= _MOST_MOMENTS:
            return np.asarray(model.fit_transform(spectra))
        model.fit(spectra[np.linspace(0, len(spectra) - 1, _MOST_MOMENTS).astype(int)])
        blocks = range(0, len(spectra), _BLOCK)
        return np.concatenate([model.transform(spectra[begin : begin + _BLOCK]) for begin in blocks])


def _spectra(wave: np.ndarray) -> list[np.ndarray]:
    """Magnitudes float32 [n, 1025] around each moment, in blocks; the sound is between two silences."""
    window = stft.hann_periodic(FRAME)
    padded = np.pad(np.asarray(wave, np.float32), FRAME // 2)
    all_frames = stft.frames(padded, FRAME, HOP)
    blocks = range(0, len(all_frames), _BLOCK)
    return [stft.magnitudes(all_frames[b : b + _BLOCK], window).astype(np.float32) for b in blocks]
