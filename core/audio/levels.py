"""Levels of sound: peaks, RMS, decibels below full scale."""

from pathlib import Path

import numpy as np

# A sound whose RMS is below this counts as silent.
SILENCE_DB = -60.0
# What is added to a power before its logarithm: digital silence comes out as -120 dB.
_FLOOR = 1e-12
# -1 dBFS, as the limiters of the patches hold.
PEAK = 0.891
# The squares and spectra of a song beyond this would leave float32.
LOUDEST = 1e6
_BLOCK = 2**16


def to_peak(wave: np.ndarray, peak: float) -> np.ndarray:
    """Scale a wave to an absolute peak; silence stays silence."""
    loudest = np.max(np.abs(wave), initial=0.0)
    return wave * (peak / loudest) if loudest > 0 else wave


def scale_to_peak(wave: np.ndarray, peak: float) -> None:
    """Scale a wave in place as `to_peak` does, in blocks: no copy of a long one, and silent blocks are not written."""
    blocks = [wave[begin : begin + _BLOCK] for begin in range(0, len(wave), _BLOCK)]
    loudest = max((float(np.max(np.abs(block))) for block in blocks), default=0.0)
    for block in blocks:
        if block.any():
            # In double precision, so that the loudest sample is the peak exactly.
            np.multiply(block, peak / loudest, out=block, dtype=np.float64, casting="same_kind")


def at_level(wave: np.ndarray, gain_db: float) -> np.ndarray:
    """A wave with a gain, or as much of it as keeps it within -1 dBFS; silence stays silence."""
    loudest = float(np.max(np.abs(wave), initial=0.0))
    return wave * np.float32(min(gain(gain_db), PEAK / loudest) if loudest > 0 else 1.0)


def check_scale(path: Path, wave: np.ndarray) -> None:
    """Refuse a file's wave, of any shape, that is far beyond full scale.

    Raises:
        ValueError: it is.
    """
    if (peak := float(np.max(np.abs(wave), initial=0.0))) > LOUDEST:
        raise ValueError(f"a value of {path} is {peak:g}; full scale is 1, and a song may reach {LOUDEST:g}")


def rms_db(wave: np.ndarray) -> float:
    """RMS of a wave in dB below full scale; -120 for digital silence."""
    return float(10 * np.log10(np.mean(np.square(wave, dtype=np.float64)) + _FLOOR))


def gain(decibels: float) -> float:
    """The factor that changes an amplitude by so many decibels.

    >>> gain(-20)
    0.1
    """
    return 10.0 ** (decibels / 20.0)
