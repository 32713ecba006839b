"""The state of an image training run: everything that has to be saved for it to resume as if never stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.nn import spectral_norm
from core.training import learned_latents, saves
from core.training.trees import Tree, to_arrays
from renderer.training import discriminator, generator
from renderer.training.hparams import ImageHparams


@dataclass
class ImageState:
    """A tree of arrays or tensors, and counters.

    Attributes:
        tree: the branches "generator", "discriminator", "average" (the moving average of the generator, which plays),
            "latents" (learned ones), "generator_vectors" and "discriminator_vectors" (of spectral norm), "moving"
            (moments of batch norm), "generator_adam" and "discriminator_adam" ("m", "v" and "steps").
        images: how many images of the dataset were seen.
        size: of the last images generated, in pixels.
    """

    tree: Tree
    images: int = 0
    size: int = 0


def initial(hparams: ImageHparams, classes: int, latents: int, rng: np.random.Generator) -> ImageState:
    """The state of a run before its first image; `latents` is how many are learned."""
    weights = generator.initial(hparams, classes, rng)
    scoring = discriminator.initial(hparams, classes, rng)
    normalized = generator.spectral(weights, hparams.normed_conditions)
    tree: Tree = {
        "generator": weights,
        "discriminator": scoring,
        "average": {name: value.copy() for name, value in weights.items()},
        "latents": learned_latents.initial(latents, hparams.z_dim, rng),
        "generator_vectors": spectral_norm.first_vectors(weights, normalized),
        "discriminator_vectors": spectral_norm.first_vectors(scoring, discriminator.spectral(scoring)),
        "moving": {name: np.stack([np.zeros(n, np.float32), np.ones(n, np.float32)]) for name, n in _norms(weights)},
    }
    return ImageState(with_first_moments(tree))


def with_first_moments(tree: Tree) -> Tree:
    """The tree with Adam's moments at zero, as at the start of each size."""

    def moments(weights: Mapping[str, Any]) -> Tree:
        zeros = {name: np.zeros(value.shape, np.float32) for name, value in weights.items()}
        return {"m": zeros, "v": dict(zeros), "steps": np.zeros((), np.float32)}

    return tree | {
        "generator_adam": moments(tree["generator"] | tree["latents"]),
        "discriminator_adam": moments(tree["discriminator"]),
    }


def save(folder: Path, state: ImageState) -> Path:
    """Write a state into a run folder; the file's path."""
    return saves.save(folder, to_arrays(state.tree), state.images, size=state.size)


def restore(folder: Path, hparams: ImageHparams, classes: int, latents: int) -> ImageState:
    """Read the latest save of a run.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged or of a run of another shape.
    """
    path = saves.latest(folder)
    expected = initial(hparams, classes, latents, np.random.default_rng(0)).tree
    tree, counters = saves.load(path, expected, "size")
    return ImageState({"latents": {}, **tree}, **counters)


def _norms(weights: Mapping[str, np.ndarray]) -> list[tuple[str, int]]:
    """Name and channels of each batch norm."""
    scales = [(name.removesuffix(".scale.weight"), name) for name in weights if name.endswith(".scale.weight")]
    plain = [(name.removesuffix(".weight"), name) for name in weights if name.endswith(".bn.weight")]
    return [(norm, weights[name].shape[-1]) for norm, name in scales + plain]
