"""Directions that need not be found: factors that a model's pictures were drawn from, each of them in values of z."""

from collections.abc import Sequence

import numpy as np

from core import checks
from core.progress import Progress
from core.protocols import ImageModel
from ganspace.components import Components, Latents, Origin

# Latents of each class at which it is measured how far a factor changes the picture.
_TRIED = 2


def known_factors(model: ImageModel, names: Sequence[str], progress: Progress = lambda done, total: None) -> Components:
    """The factors as directions in z, that first along which pictures change most.

    Args:
        model: whose z has these factors, each in a group of values that follow each other.
        names: of the factors.
        progress: called with the factors measured and their number.

    Raises:
        ValueError: there are more names than values of z.
    """
    count, size = len(names), model.z_size
    checks.in_range("the number of factors", count, 1, size)
    width = size // count
    axes = np.pad(np.repeat(np.eye(count), width, axis=1), ((0, 0), (0, size - count * width))) / np.sqrt(width)
    changes = np.zeros(count)
    for number, axis in enumerate(axes):
        changes[number] = _change(model, axis)
        progress(number + 1, count)
    order = np.argsort(-changes, kind="stable")
    axes = axes[order].astype(np.float32)
    latents = Latents(axes, np.zeros(size, np.float32), np.ones(count))
    return Components(
        layer="z",
        estimator="factors",
        components=axes.reshape(count, 1, 1, size),
        stdev=np.ones(count),
        var_ratio=np.square(changes[order]) / np.square(changes).sum(),
        mean=np.zeros((1, 1, size), np.float32),
        origin=Origin(model.name, model.checksum, count=count, truncation=1.0, found_in=model.default_layer),
        latents=latents,
        names=tuple(names[number] for number in order),
    )


def _change(model: ImageModel, axis: np.ndarray) -> float:
    """How far pictures change along a direction in z, from one standard deviation below the middle to one above."""
    labels = np.repeat(np.eye(model.num_classes, dtype=np.float32), _TRIED, axis=0) if model.num_classes else None
    z = model.draw(np.random.default_rng(0), _TRIED if labels is None else len(labels), 1.0)
    middle = z - np.outer(z @ axis, axis)
    low, high = (np.stack(list(model.render(middle + end * axis, labels, 1.0))).astype(float) for end in (-1, 1))
    return float(np.sqrt(np.square(high - low).mean()))
