"""From the generator's -1..1 back to log magnitudes and phases: x = (y - shift) / scale.

Scale and shift are prespecified in the settings, or were fitted to the training data, per channel or per frequency,
and stand in assets/NAME.npz. Source: Magenta's gansynth/lib/data_normalizer.py.
"""

import numpy as np

from gansynth.config import Config


def scale_and_shift(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Two float32 arrays that broadcast against [n, time, frequency, 2].

    Raises:
        FileNotFoundError: the fitted normaliser's file is missing.
        ValueError: it has another shape than the settings ask for.
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


def _read(config: Config) -> np.ndarray:
    """[4] or [frequencies, 4]: scale and shift of the magnitude, scale and shift of the phase."""
    path = config.folder / "assets" / f"{config.data_normalizer}.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; data_normalizer is {config.data_normalizer}")
    try:
        with np.load(path, allow_pickle=False) as file:
            fitted = np.asarray(file["normalizer"], np.float32)
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path} holds no array named normalizer: {error}") from None
    shape = (4,) if config.data_normalizer == "specgrams_simple_normalizer" else (config.frequencies, 4)
    if fitted.shape != shape:
        raise ValueError(f"{path}: normalizer has shape {fitted.shape}; it must have {shape}")
    return fitted
