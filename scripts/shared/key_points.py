"""Key points of an offline hallucination: random ones, or those of a file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.formats.npz import read_npy
from gansynth.conditions import ConditionValue
from gansynth.latent_prior import LatentPrior


def drawn(count: int, prior: LatentPrior, wanted: Mapping[str, ConditionValue], seed: int | None) -> np.ndarray:
    """float32 [count, latent]: those that the server draws after /sound/seed under these conditions."""
    return prior.draw(np.random.default_rng(seed), count, wanted)


def read(path: Path, flag: str, width: int | None = None) -> np.ndarray:
    """Those in an .npy file, float32 [n, width].

    Args:
        path: of the file.
        flag: by which it was named, for errors.
        width: that is needed; None: any, 1 or more.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an array of finite numbers of that shape.
    """
    try:
        keys = np.asarray(read_npy(path), np.float32)
    except ValueError as error:
        raise ValueError(f"{flag} {path} is not an .npy array of numbers: {error}") from None
    if keys.ndim != 2 or not keys.size or keys.shape[1] != (width or keys.shape[1]):
        raise ValueError(f"{flag} {path} has shape {keys.shape}; the model needs [n, {width or 'directions'}]")
    if not np.isfinite(keys).all():
        raise ValueError(f"{flag} {path} holds values that are not finite")
    return keys
