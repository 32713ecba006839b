"""Directions in the latent space of a GAN: find them, read and write components files, make edits with them.

The GAN may make sounds (`gansynth.load`) or images (any `ImageModel`).

Importing this package loads neither TensorFlow nor scikit-learn; `compute` does where it needs them.
"""

from typing import TYPE_CHECKING

from ganspace.components import Components, Latents, Origin
from ganspace.files import load, save, save_names
from ganspace.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path

    from core.progress import Progress
    from ganspace.analysis import AnyModel

__all__ = [
    "Components",
    "Latents",
    "Origin",
    "Plan",
    "compute",
    "compute_file",
    "load",
    "own",
    "own_file",
    "save",
    "save_names",
]


def compute(
    model: "AnyModel", plan: Plan, *, progress: "Progress | None" = None, state: "Path | None" = None
) -> Components:
    """Find the directions of a loaded model; see `ganspace.analysis.compute`."""
    from ganspace import analysis

    return analysis.compute(model, plan, progress=progress, state=state)


def compute_file(model: "AnyModel", plan: Plan, path: "Path", *, progress: "Progress | None" = None) -> Components:
    """Find the directions of a loaded model and write them; see `ganspace.analysis.compute_file`."""
    from ganspace import analysis

    return analysis.compute_file(model, plan, path, progress=progress)


def own_file(model: "AnyModel") -> "Path":
    """Where a model's own components file lies; see `ganspace.analysis.own_file`."""
    from ganspace import analysis

    return analysis.own_file(model)


def own(model: "AnyModel", *, progress: "Progress | None" = None) -> Components:
    """A model's own directions, found where there are none yet; see `ganspace.analysis.own`."""
    from ganspace import analysis

    return analysis.own(model, progress=progress)
