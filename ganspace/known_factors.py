"""Directions that need not be found: each value of a model's z is a factor that its pictures were drawn from."""

from collections.abc import Sequence

import numpy as np

from core import checks
from core.progress import Progress
from core.protocols import ImageModel
from ganspace.components import Components, Latents, Origin

# Latents of each class at which it is measured how far a factor changes the picture.
_TRIED = 2


def known_factors(model: ImageModel, names: Sequence[str], progress: Progress = lambda done, total: None) -> Components:
    """The axes of z as directions, that first along which pictures change most.

    Args:
        model: whose z has these factors.
        names: of the factors, one for each value of z.
        progress: called with the factors measured and their number.

    Raises:
        ValueError: there are more or fewer names.
    """
    count = model.z_size
    if len(names) != count:
        raise checks.mismatch("the number of factors", f"be {count}, one for each value of z", len(names))
    changes = np.zeros(count)
    for axis in range(count):
        changes[axis] = _change(model, axis)
        progress(axis + 1, count)
    order = np.argsort(-changes, kind="stable")
    axes = np.eye(count, dtype=np.float32)[order]
    latents = Latents(axes, np.zeros(count, np.float32), np.ones(count))
    return Components(
        layer="z",
        estimator="factors",
        components=axes.reshape(count, 1, 1, count),
        stdev=np.ones(count),
        var_ratio=np.square(changes[order]) / np.square(changes).sum(),
        mean=np.zeros((1, 1, count), np.float32),
        origin=Origin(model.name, model.checksum, count=count, truncation=1.0, found_in=model.default_layer),
        latents=latents,
        names=tuple(names[axis] for axis in order),
    )


def _change(model: ImageModel, axis: int) -> float:
    """How far pictures change from one standard deviation below the middle of a factor to one above."""
    labels = np.repeat(np.eye(model.num_classes, dtype=np.float32), _TRIED, axis=0) if model.num_classes else None
    rng = np.random.default_rng(axis)
    z = model.draw(rng, _TRIED if labels is None else len(labels), 1.0)
    ends = []
    for end in (-1.0, 1.0):
        moved = z.copy()
        moved[:, axis] = end
        ends.append(np.stack(list(model.render(moved, labels, 1.0))).astype(np.float32))
    return float(np.sqrt(np.square(ends[1] - ends[0]).mean()))
