"""A timeline in an .npz file, which `--use_last_vectors` renders again."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from core.files.atomic import replacing
from core.formats.npz import NpzReader
from renderer.video.timeline import Timeline

_NAMES = {"noise", "weights", "classes", "rate", "truncation"}


def save(path: Path, timeline: Timeline) -> None:
    """Write a timeline: noise [frames, z], weights [frames, k] of classes [k], rate (two whole numbers), truncation."""
    rate = np.array([timeline.rate.numerator, timeline.rate.denominator], np.int64)
    with replacing(path) as part:
        np.savez(
            part,
            noise=timeline.noise,
            weights=timeline.weights,
            classes=np.array(timeline.classes, np.int64),
            rate=rate,
            truncation=np.float64(timeline.truncation),
        )


def load(path: Path) -> Timeline:
    """Read a timeline; nothing in the file is executed.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it does not contain a timeline, or its arrays do not fit together.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no saved vectors {path}")
    try:
        with NpzReader(path) as archive:
            saved = {name: archive[name] for name in _NAMES}
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} does not contain the vectors of a video: {error}") from None
    if not _fits(saved):
        shapes = {name: list(saved[name].shape) for name in sorted(saved)}
        raise ValueError(f"the vectors in {path} do not fit together: {shapes}")
    rate = Fraction(int(saved["rate"][0]), int(saved["rate"][1]))
    classes = tuple(int(one) for one in saved["classes"])
    noise, weights = saved["noise"].astype(np.float32), saved["weights"].astype(np.float32)
    return Timeline(noise, weights, classes, rate, float(saved["truncation"]))


def _fits(saved: dict[str, np.ndarray]) -> bool:
    noise, weights, classes, rate = (saved[name] for name in ("noise", "weights", "classes", "rate"))
    return (
        noise.ndim == weights.ndim == 2
        and len(noise) == len(weights) > 0
        and classes.shape == weights.shape[1:]
        and rate.shape == (2,)
        and saved["truncation"].shape == ()
        and bool((rate > 0).all() and np.isfinite(noise).all() and np.isfinite(weights).all())
    )
