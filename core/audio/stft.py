"""Short-time Fourier transforms in NumPy: windows, frames, magnitudes and power.

The two Hann windows differ by one sample. The periodic one is a whole period of a cosine, so that overlapping windows
add up to a constant; the symmetric one is zero at both ends.
"""

import numpy as np
import scipy.fft


def hann_periodic(size: int) -> np.ndarray:
    """Periodic Hann window, float64 [size]: one period of a raised cosine, without the zero that ends it."""
    return np.hanning(size + 1)[:-1]


def hann_symmetric(size: int) -> np.ndarray:
    """Symmetric Hann window, float64 [size]: zero at both ends."""
    return np.hanning(size)


def frames(wave: np.ndarray, size: int, hop: int) -> np.ndarray:
    """The full frames of a wave [samples]: a read-only view [n, size]; frame i begins at sample i * hop."""
    return np.lib.stride_tricks.sliding_window_view(wave, size)[::hop]


def centred_frames(wave: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Frames [n, size] of a wave, with silence around it; frame i has its middle at sample i * hop."""
    return frames(np.pad(wave, (size // 2, size)), size, 1)[: len(wave) : hop]


def spectra(some_frames: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Spectra complex64 [n, size // 2 + 1] of frames [n, size] times a window float64 [size]; rounded at the end."""
    return np.asarray(scipy.fft.rfft(some_frames * window, axis=1), np.complex64)


def magnitudes(some_frames: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Magnitudes [n, size // 2 + 1] of frames [n, size] times a window [size]."""
    return np.abs(np.fft.rfft(some_frames * window, axis=1))


def power(some_frames: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Squared magnitudes [n, size // 2 + 1] of frames [n, size] times a window [size]."""
    return magnitudes(some_frames, window) ** 2


def bin_frequencies_hz(size: int, sample_rate: float) -> np.ndarray:
    """The frequencies of the bins of frames of `size` samples: float64 [size // 2 + 1]."""
    return np.fft.rfftfreq(size, 1 / sample_rate)


def resynthesis(some_spectra: np.ndarray, size: int, hop: int, length: int) -> np.ndarray:
    """The wave [length] whose centred frames, with a periodic Hann window, have spectra nearest to these [n, bins].

    Source: Griffin and Lim 1984: windowed again, added, and divided by the sum of the squared windows.
    """
    window = hann_periodic(size).astype(np.float32)
    pieces = scipy.fft.irfft(some_spectra, size, axis=1).astype(np.float32) * window
    total = np.zeros(size + hop * (len(pieces) - 1), np.float32)
    weight = np.zeros_like(total)
    for number, piece in enumerate(pieces):
        total[number * hop :][:size] += piece
        weight[number * hop :][:size] += window**2
    audible = weight > np.finfo(np.float32).tiny
    total[audible] /= weight[audible]
    found = total[size // 2 :][:length]
    return np.pad(found, (0, length - len(found)))
