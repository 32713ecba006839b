"""Standing statistics of batch norm: mean and variance over many batches, for each truncation of the latents.

Source: Brock et al. 2019, section 3.1 and appendix C: after training, moments are averaged over many batches, for each
truncation separately, since they depend on the width of z.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
from keras import ops

from core.latent.truncated_normal import truncated_normal
from core.nn import spectral_norm
from core.nn.backend import compiled
from core.training.trees import Tensor, Tensors
from renderer.training import generator
from renderer.training.generator import BatchNorm
from renderer.training.hparams import ImageHparams

BATCH = 64
Moments = dict[str, np.ndarray]


def ready(tree: Mapping[str, Any], hparams: ImageHparams) -> dict[str, Any]:
    """The averaged generator's weights with spectral norm, whose vectors are adapted to them in some rounds."""
    vectors = tree["generator_vectors"]
    for _ in range(4):
        weights, vectors = spectral_norm.normalized(tree["average"], vectors)
    return weights


class Collector:
    """Collects moments of one generator at one size."""

    def __init__(self, weights: Mapping[str, Any], hparams: ImageHparams, classes: int, size: int) -> None:
        self._weights, self._classes, self._z_dim = dict(weights), classes, hparams.z_dim
        self._moments = _compiled(hparams, size)

    def collect(self, truncation: float, batches: int, rng: np.random.Generator) -> Moments:
        """Mean and variance [2, channels] of each batch norm, over truncated normal latents.

        Args:
            truncation: 0..1.
            batches: how many, each of 64 latents with classes in turn.
            rng: where latents come from.
        """
        sums: Moments = {}
        for number in range(batches):
            labels = np.eye(self._classes, dtype=np.float32)[(number * BATCH + np.arange(BATCH)) % self._classes]
            z = truncated_normal(rng, (BATCH, self._z_dim), truncation, np.float32)
            for name, (mean, variance) in self._moments(self._weights, z, labels).items():
                mean, variance = (np.asarray(ops.convert_to_numpy(value), np.float64) for value in (mean, variance))
                found = np.stack([mean, variance + mean**2])
                sums[name] = sums.get(name, 0.0) + found / batches
        return {
            name: np.stack([mean, np.maximum(square - mean**2, 0)]).astype(np.float32)
            for name, (mean, square) in sums.items()
        }


@lru_cache(maxsize=8)
def _compiled(hparams: ImageHparams, size: int) -> Callable[..., Any]:
    return compiled(partial(_moments, hparams, size))


def _moments(hparams: ImageHparams, size: int, weights: Tensors, z: Tensor, labels: Tensor) -> dict[str, Any]:
    norm = BatchNorm()
    generator.render(weights, z, labels, hparams, norm, size)
    return {name: (value[0], value[1]) for name, value in norm.moments.items()}
