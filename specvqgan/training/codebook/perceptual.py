"""The perceptual distance in a codebook's training: LPAPS, with weights that must be there."""

from pathlib import Path

from keras import ops

from core.training.trees import Tensor
from specvqgan.metrics import lpaps
from specvqgan.training.codebook.losses import Perceptual


def load(path: Path, plain: bool = False) -> Perceptual:
    """The distance whose weights are in a file; see `lpaps.read` for `plain` and the errors."""
    weights = lpaps.read(path, plain=plain)

    def distance(x: Tensor, picture: Tensor) -> Tensor:
        return lpaps.distance(ops, weights, x, picture)

    return distance
