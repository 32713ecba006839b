"""How far two sounds are apart in level, band by band and moment by moment, in dB; without any trained network."""

import functools

import numpy as np

from core import checks
from core.audio import mel, stft

# A spectrogram's value 1 is 100 dB above its 0; see `specvqgan.mel.spectrogram`.
_RANGE_DB = 100.0
# Samples of a window, and its number of mel bands.
RESOLUTIONS = ((512, 40), (1024, 80), (2048, 160))
# Levels below it count as it.
_FLOOR = 1e-5


def of_spectrograms(first: np.ndarray, second: np.ndarray) -> float:
    """The mean difference of spectrograms in 0..1, [mels, frames] each, in dB; what is longer is cut.

    Raises:
        ValueError: they have other numbers of bands, or no frames.
    """
    if first.shape[0] != second.shape[0]:
        raise ValueError(f"spectrograms must have the same bands, not {first.shape[0]} and {second.shape[0]}")
    frames = checks.whole("frames", min(first.shape[1], second.shape[1]), 1)
    return float(_RANGE_DB * np.abs(first[:, :frames] - second[:, :frames]).mean(dtype=np.float64))


def of_waves(first: np.ndarray, second: np.ndarray, sample_rate: int) -> float:
    """The same of sounds [samples], the mean over windows of three lengths, in dB.

    Source of the idea: Kumar et al. 2023, https://arxiv.org/abs/2306.06546. Levels below -100 dB count as that.

    Args:
        first: the samples in -1..1.
        second: likewise; what is longer is cut.
        sample_rate: of both, in Hz.

    Raises:
        ValueError: one has no samples, or the sample rate is not above 0.
    """
    samples = checks.whole("samples", min(len(first), len(second)), 1)
    found = []
    for size, bands in RESOLUTIONS:
        levels = [_levels_db(wave[:samples], size, bands, sample_rate) for wave in (first, second)]
        found.append(np.abs(levels[0] - levels[1]).mean())
    return float(np.mean(found))


def _levels_db(wave: np.ndarray, size: int, bands: int, sample_rate: int) -> np.ndarray:
    frames = stft.centred_frames(np.asarray(wave, np.float64), size, size // 4)
    # A full-scale sine has the level 0 dB.
    amplitudes = stft.magnitudes(frames, stft.hann_periodic(size)) @ _filters(sample_rate, size, bands) * (4 / size)
    return 20 * np.log10(np.maximum(amplitudes, _FLOOR))


@functools.lru_cache(maxsize=8)
def _filters(sample_rate: int, size: int, bands: int) -> np.ndarray:
    """Weights of bins in bands, [size // 2 + 1, bands], at most 1."""
    return np.asarray(mel.bands(sample_rate, size, bands, equal_energy=False).T, np.float64)
