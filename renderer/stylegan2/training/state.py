"""The state of a StyleGAN2 run: everything that has to be saved for it to resume as if never stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.training import saves
from core.training.trees import Tree, to_arrays
from renderer.stylegan2.training import discriminator, generator
from renderer.stylegan2.training.hparams import StyleGan2Hparams


@dataclass
class StyleGan2State:
    """A tree of arrays or tensors, and counters.

    Attributes:
        tree: the branches "generator", "discriminator", "average" (of the generator, which plays), "generator_adam"
            and "discriminator_adam" ("m", "v" and "steps"), "augment" (its probability), "path" (the mean length).
        images: how many images of the dataset were seen.
        size: of the last images generated, in pixels; 0: none yet.
    """

    tree: Tree
    images: int = 0
    size: int = 0


def initial(hparams: StyleGan2Hparams, classes: int, rng: np.random.Generator) -> StyleGan2State:
    """The state of a run before its first image."""
    weights = generator.initial(hparams.config(classes), hparams.start_size, rng)
    zero = np.zeros((), np.float32)
    tree: Tree = {
        "generator": weights,
        "discriminator": discriminator.initial(hparams, classes, rng),
        "average": {name: value.copy() for name, value in weights.items()},
        "augment": {"probability": zero.copy()},
        "path": {"mean": zero.copy()},
    }
    return StyleGan2State(with_first_moments(tree))


def with_first_moments(tree: Tree) -> Tree:
    """The tree with Adam's moments at zero, as at the start of each size."""

    def moments(weights: Mapping[str, Any]) -> Tree:
        zeros = [{name: np.zeros(value.shape, np.float32) for name, value in weights.items()} for _ in range(2)]
        return {"m": zeros[0], "v": zeros[1], "steps": np.zeros((), np.float32)}

    return tree | {f"{name}_adam": moments(tree[name]) for name in ("generator", "discriminator")}


def save(folder: Path, state: StyleGan2State) -> Path:
    """Write a state into a run folder; the file's path."""
    return saves.save(folder, to_arrays(state.tree), state.images, size=state.size)


def restore(folder: Path, hparams: StyleGan2Hparams, classes: int) -> StyleGan2State:
    """Read the latest save of a run.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged or of a run of another shape.
    """
    path = saves.latest(folder)
    tree, counters = saves.load(path, initial(hparams, classes, np.random.default_rng(0)).tree, "size")
    return StyleGan2State(tree, **counters)
