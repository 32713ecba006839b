"""The peaks of a sound's spectra, between the bins: parabolas through three values (J. O. Smith, PARSHL 1987)."""

import numpy as np

from core.audio import stft
from core.audio.yin import parabolic_shifts

_LOWEST_HZ, _HIGHEST_HZ = 150.0, 4000.0
# Of the strongest value of a frame.
_LEAST = 0.1
_BLOCK = 4096


def find(wave: np.ndarray, sample_rate: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz and magnitudes, float [peaks] each, of all frames of a wave [samples].

    Frames follow each other by a quarter of their size; there is silence around the sound.
    """
    frames = stft.frames(np.pad(np.asarray(wave, np.float32), size // 2), size, size // 4)
    window = stft.hann_periodic(size)
    blocks = [frames[begin : begin + _BLOCK] for begin in range(0, len(frames), _BLOCK)]
    found = [_peaks(np.abs(stft.spectra(block, window)), sample_rate / size) for block in blocks]
    return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])


def _peaks(sizes: np.ndarray, bin_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Peaks of magnitudes [frames, bins]."""
    shifts = parabolic_shifts(sizes)
    strong = np.where(sizes > _LEAST * sizes.max(axis=1, keepdims=True), sizes, 0)
    peak = np.zeros(sizes.shape, bool)
    peak[:, 1:-1] = (strong[:, 1:-1] > strong[:, :-2]) & (strong[:, 1:-1] >= strong[:, 2:])
    hertz = np.arange(sizes.shape[1]) * bin_hz
    frame, place = np.nonzero(peak & (hertz >= _LOWEST_HZ) & (hertz < _HIGHEST_HZ))
    shift = shifts[frame, place]
    slope = (sizes[frame, place + 1] - sizes[frame, place - 1]) / 2
    return (place + shift) * bin_hz, sizes[frame, place] + 0.5 * slope * shift
