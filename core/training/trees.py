"""The state of a training run as a tree: nested dicts of arrays (on disk) or of the backend's tensors (in a step)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

Tensor = Any
Tensors = dict[str, Tensor]
Tree = dict[str, Any]
# Arrays and scalars by name, as numpy has them: what a step is fed.
Batch = dict[str, Any]
_SEPARATOR = "|"


def to_tensors(tree: Mapping[str, Any]) -> Tree:
    """Arrays -> the backend's tensors."""
    return {
        key: to_tensors(value) if isinstance(value, Mapping) else ops.convert_to_tensor(value)
        for key, value in tree.items()
    }


def to_arrays(tree: Mapping[str, Any]) -> Tree:
    """Tensors -> arrays."""
    return {
        key: to_arrays(value) if isinstance(value, Mapping) else np.asarray(ops.convert_to_numpy(value))
        for key, value in tree.items()
    }


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A tree -> its leaves under names such as "generator_adam|m|kernel"."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        nested = isinstance(value, Mapping)
        found |= flatten(value, f"{prefix}{key}{_SEPARATOR}") if nested else {prefix + key: value}
    return found


def unflatten(leaves: Mapping[str, Any]) -> Tree:
    """The inverse of `flatten`; branches without leaves are not in the result."""
    tree: Tree = {}
    for name, value in leaves.items():
        *branches, leaf = name.split(_SEPARATOR)
        branch = tree
        for key in branches:
            branch = branch.setdefault(key, {})
        branch[leaf] = value
    return tree
