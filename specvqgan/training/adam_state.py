"""Weights with Adam's moments in a run's tree, and a step of Adam on them."""

from collections.abc import Mapping

import numpy as np

from core.nn import adam
from core.training.trees import Tensor, Tensors, Tree


def branch(name: str, weights: Mapping[str, np.ndarray]) -> Tree:
    """Two branches of a tree: the weights, and NAME_adam with zero moments."""
    zeros = [{key: np.zeros(value.shape, np.float32) for key, value in weights.items()} for _ in range(2)]
    return {name: dict(weights), f"{name}_adam": {"m": zeros[0], "v": zeros[1], "steps": np.zeros((), np.float32)}}


def descend(
    tree: Tree,
    name: str,
    gradients: Tensors,
    rate: Tensor,
    betas: tuple[float, float],
    decay: Mapping[str, float] | None = None,
) -> Tree:
    """Take a step of Adam on a branch.

    Args:
        tree: has the branches of `branch`.
        name: of the branch.
        gradients: of the loss, by names of weights.
        rate: learning rate.
        betas: Adam's.
        decay: by names of weights, how much of them is lost in a step at a rate of 1 (AdamW).
    """
    moments, weights = tree[f"{name}_adam"], tree[name]
    steps = moments["steps"] + 1.0
    decay = decay or {}
    learned = {key: weights[key] * (1.0 - rate * decay[key]) if decay.get(key) else weights[key] for key in gradients}
    moved, m, v = adam.update(learned, gradients, moments["m"], moments["v"], steps, rate, *betas)
    after = {"m": moments["m"] | m, "v": moments["v"] | v, "steps": steps}
    return tree | {name: weights | moved, f"{name}_adam": after}
