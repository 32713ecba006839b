"""Spectral norm (Miyato et al. 2018): weights divided by their largest singular value, found by power iteration.

A weight [..., out] counts as the matrix [-1, out]. Its vector [out] is kept from step to step, so that one round of
the iteration per step is enough.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from keras import ops

Tensor = Any
Tensors = dict[str, Tensor]
EPSILON = 1e-12


def normalized(weights: Mapping[str, Tensor], vectors: Mapping[str, Tensor]) -> tuple[Tensors, Tensors]:
    """Divide the weights that have a vector by their norm.

    Returns:
        All weights, and the vectors after one more round.
    """
    ready, moved = dict(weights), dict(vectors)
    for name in [name for name in vectors if name in weights]:
        norm, moved[name] = sigma(weights[name], vectors[name])
        ready[name] = weights[name] / norm
    return ready, moved


def sigma(weight: Tensor, vector: Tensor) -> tuple[Tensor, Tensor]:
    """Estimate the largest singular value of a weight [..., out].

    Returns:
        The value, a scalar through which gradients flow; the next vector [out].
    """
    matrix = ops.reshape(weight, (-1, weight.shape[-1]))
    constant = ops.stop_gradient(matrix)
    left = _unit(ops.matmul(constant, vector[:, None]))
    right = _unit(ops.matmul(ops.transpose(constant), left))
    return ops.sum(left * ops.matmul(matrix, right)), right[:, 0]


def first_vectors(weights: Mapping[str, np.ndarray], names: Iterable[str], rounds: int = 10) -> dict[str, np.ndarray]:
    """Vectors to begin with: some rounds of the iteration from a random direction, which the width alone decides."""
    found = {}
    for name in names:
        matrix = weights[name].reshape(-1, weights[name].shape[-1])
        vector = np.random.default_rng(matrix.shape[-1]).standard_normal(matrix.shape[-1])
        for _ in range(rounds):
            vector = matrix.T @ (matrix @ vector)
            vector /= np.linalg.norm(vector) + EPSILON
        found[name] = vector.astype(np.float32)
    return found


def _unit(column: Tensor) -> Tensor:
    return column / (ops.sqrt(ops.sum(ops.square(column))) + EPSILON)
