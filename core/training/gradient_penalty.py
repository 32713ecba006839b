"""Penalties on the slope of a discriminator's score (R1: Mescheder et al. 2018)."""

from collections.abc import Callable

from keras import ops

from core.nn.backend import value_and_gradients
from core.training.trees import Tensor


def r1_penalty(score: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Half the squared slope of the score at real examples [n, ...], averaged over them."""

    def total(examples: Tensor) -> tuple[Tensor, None]:
        return ops.sum(score(examples)), None

    _, gradient = value_and_gradients(total, ops.convert_to_tensor(real))
    return 0.5 * ops.mean(ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape)))))
