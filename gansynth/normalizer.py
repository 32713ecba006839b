"""Scale the generator's -1..1 back to log magnitudes and phases: x = (y - shift) / scale.

Scale and shift are given in the settings, or were fitted to the training data, per channel or per frequency, and are
kept in assets/NAME.npz. Source: Magenta's gansynth/lib/data_normalizer.py.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from core import checks
from core.formats.npz import NpzReader
from gansynth import complex_mel, spectral
from gansynth.config import POWER_TYPES, Config
from gansynth.setting_ranges import OCTAVES_HZ

FITTED = ("specgrams_simple_normalizer", "specgrams_freq_normalizer")


def scale_and_shift(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Two float32 arrays that broadcast against [n, time, frequency, 2].

    Raises:
        FileNotFoundError: the fitted normaliser's file is missing.
        ValueError: it is damaged, or does not have the shape that the settings require.
    """
    if config.data_normalizer == "none":
        return np.ones(2, np.float32), np.zeros(2, np.float32)
    if config.data_normalizer == "specgrams_prespecified_normalizer":
        scale, shift = (
            (config.mag_normalizer_a, config.p_normalizer_a),
            (config.mag_normalizer_b, config.p_normalizer_b),
        )
        return np.array(scale, np.float32), np.array(shift, np.float32)
    fitted = _read(config)
    return fitted[..., [0, 2]], fitted[..., [1, 3]]


def for_playing(config: Config) -> Callable[[np.ndarray], np.ndarray]:
    """What makes the spectrograms that are played of what a network gives, float32 [..., frequencies, 2].

    With the config's `octave_gains_db`: only what is above the floor of silence gets louder, which is added to powers
    and magnitudes before the logarithm. The same errors as `scale_and_shift`.
    """
    (scale, shift), gains = scale_and_shift(config), _gains(config)
    floor = np.float32(complex_mel.FLOOR if config.data_type == "complex_mel" else spectral.EPSILON)

    def denormalised(values: np.ndarray) -> np.ndarray:
        found = (values - shift) / scale
        if gains is not None:
            found[..., 0] = np.log(np.maximum(np.exp(found[..., 0]) - floor, 0.0) * gains + floor)
        return found

    return denormalised


def _gains(config: Config) -> np.ndarray | None:
    """Factors of the channels' powers, or magnitudes where those are learned: float32 [frequencies]; None: all 1."""
    if not config.octave_gains_db:
        return None
    gains_db = np.interp(np.log2(_channels_hz(config)), np.log2(OCTAVES_HZ), config.octave_gains_db)
    return np.power(10.0, gains_db / (10 if config.data_type in POWER_TYPES else 20)).astype(np.float32)


def _channels_hz(config: Config) -> np.ndarray:
    """The frequency of each channel: float64 [frequencies]."""
    if config.data_type == "complex_mel":
        return complex_mel.frequencies_hz(config.frequencies, config.sample_rate)
    if config.data_type == "mel":
        return spectral.mel_frequencies_hz(config.frequencies, config.sample_rate)
    return np.arange(1, config.frequencies + 1) * config.sample_rate / config.frame_length


def path(config: Config) -> Path:
    """The file of a fitted normaliser."""
    return config.folder / "assets" / f"{config.data_normalizer}.npz"


def fit(specgrams: Iterable[np.ndarray], config: Config, margin: float) -> None:
    """Fit a normaliser to a dataset and save it: the lowest and highest values become -margin and margin.

    Args:
        specgrams: batches [n, time, frequency, 2], at least one.
        config: its data_normalizer is one of FITTED.
        margin: above 0, at most 1.
    """
    axes = (0, 1) if config.data_normalizer == "specgrams_freq_normalizer" else (0, 1, 2)
    ranges = [(batch.min(axis=axes), batch.max(axis=axes)) for batch in specgrams]
    low, high = np.min([low for low, _ in ranges], axis=0), np.max([high for _, high in ranges], axis=0)
    scale = 2.0 * margin / np.maximum(high - low, 1e-6)
    shift = -scale * low - margin
    path(config).parent.mkdir(exist_ok=True)
    np.savez(path(config), normalizer=np.stack([scale, shift], axis=-1).reshape(*low.shape[:-1], 4))


def _read(config: Config) -> np.ndarray:
    """[4] or [frequencies, 4]: scale and shift of the magnitude, scale and shift of the phase."""
    file_path = path(config)
    if not file_path.is_file():
        raise FileNotFoundError(f"{file_path} is missing; data_normalizer is {config.data_normalizer}")
    try:
        with NpzReader(file_path) as file:
            fitted = np.asarray(file["normalizer"], np.float32)
    except (ValueError, OSError) as error:
        raise ValueError(f"{file_path} has no array named normalizer: {error}") from None
    shape = (4,) if config.data_normalizer == "specgrams_simple_normalizer" else (config.frequencies, 4)
    return checks.shape(f"{file_path}: normalizer", fitted, shape)
