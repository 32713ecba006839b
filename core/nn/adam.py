"""Adam (Kingma and Ba 2015) as a pure function of dicts of arrays, as TensorFlow 1 computes it for Magenta."""

from collections.abc import Mapping
from typing import Any

from keras import ops

Tensor = Any
Tensors = Mapping[str, Tensor]
EPSILON = 1e-8


def update(
    weights: Tensors,
    gradients: Tensors,
    m: Tensors,
    v: Tensors,
    steps: Tensor,
    rate: Tensor,
    beta1: float,
    beta2: float,
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Take one step.

    Args:
        weights: what to change.
        gradients: of the loss, under the same names.
        m: moving average of the gradients so far.
        v: moving average of their squares.
        steps: the number of steps including this one, a float scalar.
        rate: learning rate.
        beta1: decay of m.
        beta2: decay of v.

    Returns:
        The new weights, m and v.
    """
    rate = rate * ops.sqrt(1.0 - ops.power(beta2, steps)) / (1.0 - ops.power(beta1, steps))
    m = {name: beta1 * m[name] + (1.0 - beta1) * gradient for name, gradient in gradients.items()}
    v = {name: beta2 * v[name] + (1.0 - beta2) * ops.square(gradient) for name, gradient in gradients.items()}
    moved = {name: weights[name] - rate * m[name] / (ops.sqrt(v[name]) + EPSILON) for name in gradients}
    return moved, m, v
