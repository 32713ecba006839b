"""Latents that a generator learns along with its weights while it reconstructs a dataset.

Each example (or group of them) has a normal distribution of latents: a mean and the logarithm of a deviation. Their
divergence from the standard normal distribution is part of the loss, so that all together fill it. Sources:
Bojanowski et al. 2018 (a latent for each example), Zadeh et al. 2019 (with a variance).
"""

from collections.abc import Mapping

import numpy as np
from keras import ops

from core.training.trees import Tensor

# Names of the parameters, both [count, latent].
LATENTS = ("latent/mean", "latent/log_deviation")
# Means begin as points of a normal distribution, with this deviation around each, so that all together fill the
# standard one.
FIRST_DEVIATION = 0.3


def initial(count: int, size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The parameters of `count` distributions of latents of length `size`; none where count is 0."""
    if not count:
        return {}
    shape = (count, size)
    means = np.float32(np.sqrt(1 - FIRST_DEVIATION**2)) * rng.standard_normal(shape, np.float32)
    return dict(zip(LATENTS, (means, np.full(shape, np.log(FIRST_DEVIATION), np.float32)), strict=True))


def sample(parameters: Mapping[str, Tensor], rows: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Draw latents from some of the distributions.

    Args:
        parameters: holds `LATENTS`.
        rows: int [n], which distributions.
        noise: [n, latent], standard normal.

    Returns:
        Latents [n, latent], and the distributions' divergence from the standard normal one, a scalar.
    """
    # A product, since the gradient of picking rows is not a plain tensor in TensorFlow.
    chosen = ops.one_hot(rows, parameters[LATENTS[0]].shape[0])
    mean, log_deviation = (ops.matmul(chosen, parameters[name]) for name in LATENTS)
    return mean + ops.exp(log_deviation) * noise, kl_divergence(mean, log_deviation)


def kl_divergence(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """Kullback-Leibler divergence of normal distributions [n, latent] from the standard one, in nats, averaged."""
    variance = ops.exp(2.0 * log_deviation)
    return ops.mean(ops.sum(0.5 * (ops.square(mean) + variance - 1.0) - log_deviation, axis=-1))
