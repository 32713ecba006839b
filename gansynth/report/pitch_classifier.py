"""A classifier of pitches, trained on real notes, whose features measure how far generated notes are from real ones.

As in the GANSynth paper (Engel et al. 2019), which trained a classifier of NSynth's pitches for this. Figures of one
dataset cannot be compared with those of another one, since each has a classifier of its own.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.audio import stft
from core.scikit_learn import scikit_learn

HIDDEN = 96
_BANDS_PER_OCTAVE, _LOWEST_HZ, _OCTAVES = 24, 27.5, 8
_FRAME_S, _HOP_S, _LATEST_S = 0.256, 0.064, 1.0


def pitch_spectrum(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean spectrum of a note's first second in quarter-tone bands, in dB below the loudest: float64 [bands]."""
    size = round(_FRAME_S * sample_rate)
    frames = stft.centred_frames(
        np.asarray(wave[: round(_LATEST_S * sample_rate)], np.float32), size, round(_HOP_S * sample_rate)
    )
    power = (stft.magnitudes(frames, stft.hann_periodic(size).astype(np.float32)).astype(np.float64) ** 2).mean(axis=0)
    centres = _LOWEST_HZ * 2 ** (np.arange(_OCTAVES * _BANDS_PER_OCTAVE) / _BANDS_PER_OCTAVE)
    places = centres * size / sample_rate
    known = np.interp(places, np.arange(len(power)), power, right=0.0)
    return np.maximum(10 * np.log10(known / max(known.max(), 1e-20) + 1e-12), -60.0) / 20.0


@dataclass(frozen=True, eq=False)
class PitchClassifier:
    """A trained network of one hidden layer."""

    network: Any
    shift: np.ndarray

    @classmethod
    def train(cls, spectra: np.ndarray, pitches: np.ndarray) -> "PitchClassifier":
        """Train on the spectra of real notes [n, bands] and their MIDI pitches [n].

        Raises:
            ValueError: scikit-learn is not installed.
        """
        shift = spectra.mean(axis=0)
        network = scikit_learn("neural_network").MLPClassifier(
            (HIDDEN,), alpha=1e-3, max_iter=80, random_state=0, tol=1e-3
        )
        with warnings.catch_warnings():
            # So many rounds are enough, whether or not the loss still falls a little.
            warnings.simplefilter("ignore", scikit_learn("exceptions").ConvergenceWarning)
            return cls(network.fit(spectra - shift, pitches), shift)

    def probabilities(self, spectra: np.ndarray) -> np.ndarray:
        """How likely each pitch is: [n, pitches]."""
        return np.asarray(self.network.predict_proba(spectra - self.shift))

    def accuracy(self, spectra: np.ndarray, pitches: np.ndarray) -> float:
        """Share of notes at the pitch that was asked for."""
        return float(np.mean(self.network.predict(spectra - self.shift) == pitches))

    def features(self, spectra: np.ndarray) -> np.ndarray:
        """The hidden layer's values: [n, HIDDEN]."""
        hidden = (spectra - self.shift) @ self.network.coefs_[0] + self.network.intercepts_[0]
        return np.maximum(hidden, 0.0)
