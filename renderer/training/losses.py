"""What the two networks are trained to lower: the hinge loss, and for the warm start a distance between pictures.

Scores are [n], pictures [n, size, size, 3] in -1..1.
"""

from typing import Any

from keras import ops

from renderer.training.discriminator import halve
from renderer.training.generator import double

Tensor = Any
# Below this the pyramid ends.
SMALLEST = 4


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """How far real scores are below 1 and fake ones above -1 (Lim and Ye 2017)."""
    return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))


def generator_hinge(fake: Tensor) -> Tensor:
    """The generator's side of it: its scores should be high."""
    return -ops.mean(fake)


def distance(made: Tensor, real: Tensor) -> Tensor:
    """Mean absolute difference, of the pixels and of each level of their Laplacian pyramids.

    Details of all sizes weigh alike, so that edges are learned as well as areas. Source: Bojanowski et al. 2018.
    """
    difference = made - real
    total = ops.mean(ops.abs(difference))
    while difference.shape[1] > SMALLEST:
        small = halve(difference)
        total = total + ops.mean(ops.abs(difference - double(small)))
        difference = small
    return total + ops.mean(ops.abs(difference))


def divergence(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """Kullback-Leibler divergence of normal distributions [n, latent] from the standard one, in nats, averaged."""
    variance = ops.exp(2.0 * log_deviation)
    return ops.mean(ops.sum(0.5 * (ops.square(mean) + variance - 1.0) - log_deviation, axis=-1))
