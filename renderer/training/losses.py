"""The losses of image training: hinge loss, and the distance between images for reconstruction.

Scores are [n], images [n, size, size, 3] in -1..1.
"""

from keras import ops

from core.training.trees import Tensor
from renderer.biggan.network import double
from renderer.training.discriminator import halve

# Edge of the smallest level of the pyramid, in pixels.
SMALLEST = 4


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """How far real scores are below 1 and fake ones above -1, on average (Lim and Ye 2017)."""
    return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))


def generator_hinge(fake: Tensor) -> Tensor:
    """The generator's side of the hinge loss: its scores should be high."""
    return -ops.mean(fake)


def distance(generated: Tensor, real: Tensor) -> Tensor:
    """Mean absolute difference of the pixels and of each level of the Laplacian pyramids.

    Details of all sizes have equal weight, so that edges are learned as well as areas. Source: Bojanowski et al. 2018.
    """
    difference = generated - real
    total = ops.mean(ops.abs(difference))
    while difference.shape[1] > SMALLEST:
        small = halve(difference)
        total = total + ops.mean(ops.abs(difference - double(ops, small)))
        difference = small
    return total + ops.mean(ops.abs(difference))
