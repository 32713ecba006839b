"""Notes a few semitones higher or lower, as a sampler plays them: faster or slower, with all that it does to them."""

import numpy as np

_FINER = 8


def transposed(wave: np.ndarray, semitones: float) -> np.ndarray:
    """A wave played faster or slower: float32 [samples / 2 ** (semitones / 12)].

    What would come to lie above half the sample rate is filtered out first.
    """
    speed = 2.0 ** (semitones / 12)
    spectrum = np.fft.rfft(np.pad(np.asarray(wave, np.float64), (0, 256)))
    spectrum[int(len(spectrum) / max(1.0, speed)) :] = 0
    fine = np.fft.irfft(spectrum, _FINER * (len(wave) + 256)) * _FINER
    places = np.arange(int(len(wave) / speed)) * speed * _FINER
    return np.interp(places, np.arange(len(fine)), fine).astype(np.float32)
