"""The constant-Q transform: bins spaced as notes are, each with a window of as many periods (Schoerkhuber 2010).

Octave by octave from the top: the sound is halved in rate, so that all octaves use the same few filters.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse
import soxr

from core.audio import stft

LOWEST_HZ = 440.0 * 2 ** (-45 / 12)
_OCTAVES, _BINS = 7, 36
_SPARSITY = 0.01
# Width of the main lobe of a Hann window, in bins.
_HANN_BANDWIDTH = 1.50018310546875
_BLOCK = 4096


def magnitudes(wave: np.ndarray, sample_rate: float, hop: int, tuning: float = 0.0) -> np.ndarray:
    """Magnitudes float32 [252, frames] of seven octaves from C1, 36 bins each.

    Args:
        wave: float32 [samples].
        sample_rate: in Hz.
        hop: samples from one frame to the next; divisible by two as often as there are octaves but one.
        tuning: of the sound, in bins.
    """
    frequencies = LOWEST_HZ * 2 ** ((tuning + np.arange(_OCTAVES * _BINS)) / _BINS)
    bandwidth = _relative_bandwidth()
    halvings = _early_halvings(frequencies, bandwidth, sample_rate, hop)
    wave, sample_rate, hop = (
        _slower(np.asarray(wave, np.float32), 2**halvings),
        sample_rate / 2**halvings,
        hop >> halvings,
    )
    top_rate = sample_rate
    found: list[np.ndarray] = []
    for octave in range(_OCTAVES):
        place = slice((_OCTAVES - 1 - octave) * _BINS, (_OCTAVES - octave) * _BINS)
        filters, size = _filters(sample_rate, float(frequencies[place][0]), bandwidth)
        found.insert(0, np.sqrt(top_rate / sample_rate) * _response(wave, filters, size, hop))
        if hop % 2 == 0:
            wave, sample_rate, hop = _slower(wave, 2), sample_rate / 2, hop // 2
    frames = min(one.shape[1] for one in found)
    lengths = top_rate / (bandwidth * frequencies)
    stacked = np.concatenate([one[:, :frames] for one in found]) / np.sqrt(lengths)[:, None]
    return np.asarray(stacked, np.float32)


def chroma(magnitudes_: np.ndarray) -> np.ndarray:
    """The sum of each pitch class over the octaves, float32 [12, frames], C first."""
    per_note = _BINS // 12
    notes = np.repeat(np.eye(12, dtype=np.float32), per_note, axis=1)
    notes = np.tile(np.roll(notes, -(per_note // 2), axis=1), _OCTAVES)
    return np.asarray(notes @ magnitudes_)


def _relative_bandwidth() -> float:
    """Of a bin, over its frequency: of equal bins it is the same everywhere."""
    ratio = 2.0 ** (2 / _BINS)
    return (ratio - 1) / (ratio + 1)


def _early_halvings(frequencies: np.ndarray, bandwidth: float, sample_rate: float, hop: int) -> int:
    """How often the rate can be halved before the top octave suffers."""
    cutoff = frequencies.max() * (1 + 0.5 * _HANN_BANDWIDTH * bandwidth)
    by_frequency = int(np.ceil(np.log2(sample_rate / 2 / cutoff)) - 1) - 1
    by_hop = (hop & -hop).bit_length() - 1 - _OCTAVES + 1
    return max(0, min(by_frequency, by_hop))


def _slower(wave: np.ndarray, factor: int) -> np.ndarray:
    """A wave at a fraction of its rate, with its energy, not its level."""
    if factor == 1:
        return wave
    length = -(-len(wave) // factor)
    slower = soxr.resample(wave, factor, 1, quality="HQ")[:length]
    return np.asarray(np.pad(slower, (0, length - len(slower))) * np.float32(np.sqrt(factor)), np.float32)


@lru_cache(maxsize=32)
def _filters(sample_rate: float, lowest_hz: float, bandwidth: float) -> tuple["scipy.sparse.csr_matrix", int]:
    """An octave of filters as spectra, sparse complex64 [36, size // 2 + 1], and the size of the frames."""
    frequencies = lowest_hz * 2 ** (np.arange(_BINS) / _BINS)
    lengths = sample_rate / (bandwidth * frequencies)
    size = int(2.0 ** np.ceil(np.log2(lengths.max())))
    basis = np.zeros((_BINS, size), np.complex64)
    for row, (length, hertz) in enumerate(zip(lengths, frequencies, strict=True)):
        times = np.arange(-length // 2, length // 2)
        one = np.exp(2j * np.pi * hertz / sample_rate * times) * stft.hann_periodic(len(times))
        begin = (size - len(times)) // 2
        basis[row, begin : begin + len(times)] = one / np.abs(one).sum() * length / size
    spectra = scipy.fft.fft(basis, axis=1)[:, : size // 2 + 1]
    return _sparse(spectra), size


def _sparse(spectra: np.ndarray) -> "scipy.sparse.csr_matrix":
    """Without the smallest values of each row, which together have one hundredth of it."""
    sizes = np.abs(spectra)
    order = np.sort(sizes, axis=1)
    shares = np.cumsum(order / sizes.sum(axis=1, keepdims=True), axis=1)
    first = np.argmin(shares < _SPARSITY, axis=1)
    least = order[np.arange(len(order)), first][:, None]
    return scipy.sparse.csr_matrix(np.where(sizes >= least, spectra, 0).astype(np.complex64))


def _response(wave: np.ndarray, filters: "scipy.sparse.csr_matrix", size: int, hop: int) -> np.ndarray:
    frames = stft.frames(np.pad(wave, size // 2), size, hop)
    window = np.ones(size)
    blocks = range(0, len(frames), _BLOCK)
    return np.concatenate(
        [np.abs(filters @ stft.spectra(frames[begin : begin + _BLOCK], window).T) for begin in blocks], axis=1
    )
