"""From a spectrogram back to a sound without a network: magnitudes of all frequencies, then phases that fit (slow).

Sources: Griffin and Lim 1984; Perraudin et al. 2013, A Fast Griffin-Lim Algorithm; Beck and Teboulle 2009, FISTA.
"""

import numpy as np

from core import checks
from core.audio import stft
from specvqgan.mel import spectrogram
from specvqgan.mel.spectrogram import FFT, HOP, MELS

_STEPS = 200
_ITERATIONS, _MOMENTUM = 32, 0.99
_TINY = 1e-8


def griffin_lim(mel: np.ndarray, rng: np.random.Generator, iterations: int = _ITERATIONS) -> np.ndarray:
    """The sound of a spectrogram.

    Args:
        mel: [80, frames] in 0..1, at least 4 frames.
        rng: draws the first phases.
        iterations: of the search for phases.

    Returns:
        float32 [256 * (frames - 1)] at 22050 Hz.

    Raises:
        ValueError: the shape is another one, or a value is not finite.
    """
    mel = checks.finite("mel", checks.shape("mel", np.asarray(mel, np.float32), (MELS, "frames")))
    checks.whole("frames of mel", mel.shape[1], 4)
    checks.whole("iterations", iterations, 0)
    return phases(linear(spectrogram.amplitudes(mel)), rng, iterations)


def linear(amplitudes: np.ndarray) -> np.ndarray:
    """Magnitudes of all frequencies that give amplitudes of bands; none is negative.

    Args:
        amplitudes: [80, frames].

    Returns:
        float32 [513, frames]; one of many answers: `mel_filters() @ linear` is what was given.
    """
    from scipy.sparse import csr_array

    # Bands as equal rows: the search is then equally quick in all of them.
    lengths = np.linalg.norm(spectrogram.mel_filters(), axis=1, keepdims=True)
    rows = (spectrogram.mel_filters() / lengths).astype(np.float64)
    wanted = amplitudes / lengths
    overlaps = rows @ rows.T
    pace = 1.0 / np.linalg.norm(overlaps, 2)
    # A frequency is in two bands at most.
    bands, back = csr_array(rows), csr_array(rows.T)
    found = np.maximum(back @ np.linalg.solve(overlaps, wanted), 0.0)
    ahead, step = found, 1.0
    for _ in range(_STEPS):
        last, found = found, np.maximum(ahead - pace * (back @ (bands @ ahead - wanted)), 0.0)
        following = (1.0 + np.sqrt(1.0 + 4.0 * step**2)) / 2.0
        ahead, step = found + (step - 1.0) / following * (found - last), following
    return found.astype(np.float32)


def phases(magnitudes: np.ndarray, rng: np.random.Generator, iterations: int = _ITERATIONS) -> np.ndarray:
    """A sound whose frames have these magnitudes [513, frames], as nearly as a search finds."""
    return _search(magnitudes, np.exp(2j * np.pi * rng.random(magnitudes.shape)).astype(np.complex64), iterations)


def refined(mel: np.ndarray, wave: np.ndarray, iterations: int = _ITERATIONS) -> np.ndarray:
    """The sound of a spectrogram, as `griffin_lim`, where a sound that is near it gives the first phases.

    Args:
        mel: [80, frames] in 0..1, at least 4 frames.
        wave: [256 * (frames - 1)] at 22050 Hz.
        iterations: of the search.

    Returns:
        float32 [256 * (frames - 1)].
    """
    transforms = _transform(np.asarray(wave, np.float32))
    angles = transforms / (np.abs(transforms) + np.float32(_TINY))
    return _search(linear(spectrogram.amplitudes(np.clip(mel, 0, 1))), angles.astype(np.complex64), iterations)


def _search(magnitudes: np.ndarray, angles: np.ndarray, iterations: int) -> np.ndarray:
    """A sound whose frames have these magnitudes, from first phases as numbers of length 1."""
    before = np.zeros_like(angles)
    for _ in range(iterations):
        rebuilt = _transform(_inverse(magnitudes * angles))
        angles = rebuilt - np.float32(_MOMENTUM / (1.0 + _MOMENTUM)) * before
        angles /= np.abs(angles) + np.float32(_TINY)
        before = rebuilt
    return _inverse(magnitudes * angles)


def _transform(wave: np.ndarray) -> np.ndarray:
    """Fourier transforms of a sound that is mirrored at its ends, complex64 [513, frames]."""
    some = stft.frames(np.pad(wave, FFT // 2, mode="reflect"), FFT, HOP)
    return np.fft.rfft(some * stft.hann_periodic(FFT), axis=1).astype(np.complex64).T


def _inverse(transforms: np.ndarray) -> np.ndarray:
    """The sound of Fourier transforms [513, frames], each windowed once more and overlapped: float32."""
    window, frames = stft.hann_periodic(FFT), transforms.shape[1]
    pieces = np.fft.irfft(transforms.T, FFT, axis=1) * window
    parts = FFT // HOP
    wave, weight = (np.zeros((frames + parts - 1, HOP)) for _ in range(2))
    squares = np.square(window).reshape(parts, HOP)
    for part in range(parts):
        wave[part : part + frames] += pieces[:, part * HOP : (part + 1) * HOP]
        weight[part : part + frames] += squares[part]
    whole = (wave / np.maximum(weight, _TINY)).reshape(-1)
    return whole[FFT // 2 : FFT // 2 + HOP * (frames - 1)].astype(np.float32)
