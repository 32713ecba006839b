"""Loudness as listeners judge it, by ITU-R BS.1770, and the gain that brings sounds to a common one."""

from collections.abc import Iterable

import numpy as np

# What notes and hallucinations of every model are brought to.
TARGET_LUFS = -20.0
# Bounds of a gain: silence stays nearly silent, and noise can be turned down far.
MIN_GAIN_DB = -60.0
MAX_GAIN_DB = 40.0
# The loudness of silence, and the meter's block; a shorter sound is measured as if it were repeated.
SILENT_LUFS = -120.0
_BLOCK_S = 0.4
# The meter's filters are not defined for lower sample rates.
_LOWEST_RATE_HZ = 8000


def loudness_lufs(wave: np.ndarray, sample_rate: int) -> float:
    """Integrated loudness of a mono sound in LUFS, by ITU-R BS.1770-4.

    Args:
        wave: [samples]; values that are not finite count as 0.
        sample_rate: in Hz; below 8000 Hz the sound is measured as if it had that rate.

    Returns:
        -120 for silence and for an empty sound.
    """
    # Here, since it loads SciPy's signal package: a server answers before that.
    from pyloudnorm import Meter

    rate = max(sample_rate, _LOWEST_RATE_HZ)
    samples = np.where(np.isfinite(wave), wave, 0.0).astype(np.float64)
    if not samples.any():
        return SILENT_LUFS
    shortest = int(np.ceil(_BLOCK_S * rate)) + 1
    if len(samples) < shortest:
        samples = np.resize(samples, shortest)
    with np.errstate(divide="ignore"):
        found = Meter(rate, block_size=_BLOCK_S).integrated_loudness(samples)
    return float(max(found, SILENT_LUFS))


def k_weighting(sample_rate: int) -> np.ndarray:
    """The filters of BS.1770 as second-order sections for `scipy.signal.sosfilt`: float64 [2, 6]."""
    from pyloudnorm import IIRfilter

    rate = max(sample_rate, _LOWEST_RATE_HZ)
    filters = (IIRfilter(4.0, 0.5**0.5, 1500.0, rate, "high_shelf"), IIRfilter(0.0, 0.5, 38.0, rate, "high_pass"))
    return np.array([[*each.b, *each.a] for each in filters])


def mean_loudness_lufs(waves: Iterable[np.ndarray], sample_rate: int) -> float:
    """Loudness of the mean power of sounds, each measured by itself, in LUFS; -120 if there are none."""
    powers = [10.0 ** (loudness_lufs(wave, sample_rate) / 10.0) for wave in waves]
    return float(10.0 * np.log10(np.mean(powers))) if powers else SILENT_LUFS


def gain_db_to(target_lufs: float, measured_lufs: float) -> float:
    """The gain in dB from a measured loudness to another one, between -60 and 40 dB.

    >>> gain_db_to(-20.0, -32.0)
    12.0
    >>> gain_db_to(-20.0, -120.0)
    40.0
    """
    return float(np.clip(target_lufs - measured_lufs, MIN_GAIN_DB, MAX_GAIN_DB))
