"""The numbers of a film in an .npz file: what `--use_last_vectors` paints again."""

import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.files.atomic import replacing
from renderer.video.timeline import Timeline

_NAMES = {"noise", "weights", "classes", "rate", "truncation"}


def save(path: Path, film: Timeline) -> None:
    """Write a timeline: noise [frames, z], weights [frames, k] of classes [k], rate (two whole numbers), truncation."""
    rate = np.array([film.rate.numerator, film.rate.denominator], np.int64)
    with replacing(path) as part:
        np.savez(
            part,
            noise=film.noise,
            weights=film.weights,
            classes=np.array(film.classes, np.int64),
            rate=rate,
            truncation=np.float64(film.truncation),
        )


def load(path: Path) -> Timeline:
    """Read a timeline; nothing in the file is executed.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it holds no timeline, or one that does not fit together.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no saved vectors {path}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            held = {name: archive[name] for name in _NAMES}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise ValueError(f"{path} holds no vectors of a film: {error}") from None
    if not _fits(held):
        shapes = {name: list(held[name].shape) for name in sorted(held)}
        raise ValueError(f"the vectors in {path} do not fit together: {shapes}")
    rate = Fraction(int(held["rate"][0]), int(held["rate"][1]))
    classes = tuple(int(one) for one in held["classes"])
    noise, weights = held["noise"].astype(np.float32), held["weights"].astype(np.float32)
    return Timeline(noise, weights, classes, rate, float(held["truncation"]))


def _fits(held: dict[str, np.ndarray]) -> bool:
    noise, weights, classes, rate = (held[name] for name in ("noise", "weights", "classes", "rate"))
    return (
        noise.ndim == weights.ndim == 2
        and len(noise) == len(weights) > 0
        and classes.shape == weights.shape[1:]
        and rate.shape == (2,)
        and held["truncation"].shape == ()
        and bool((rate > 0).all() and np.isfinite(noise).all() and np.isfinite(weights).all())
    )
