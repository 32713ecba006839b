"""Standing statistics of batch norm: what a batch's mean and variance are for good, by how far latents are truncated.

Source: Brock et al. 2019, section 3.1 and appendix C: after training, moments are averaged over many batches, for each
truncation by itself, since a narrower z moves them.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
from keras import ops

from core.nn import spectral_norm
from core.nn.backend import compiled
from renderer.training import generator
from renderer.training.generator import Norm
from renderer.training.hparams import Hparams

# Beyond this many deviations BigGAN draws again.
BOUND = 2.0
BATCH = 64
Moments = dict[str, np.ndarray]


def ready(tree: Mapping[str, Any], hparams: Hparams) -> dict[str, Any]:
    """The averaged generator's weights with spectral norm applied; its vectors follow the weights in some rounds."""
    vectors = tree["generator_vectors"]
    for _ in range(4):
        weights, vectors = spectral_norm.normed(tree["average"], vectors)
    return weights


class Collector:
    """Collects moments of one generator at one size."""

    def __init__(self, weights: Mapping[str, Any], hparams: Hparams, classes: int, size: int) -> None:
        self._weights, self._classes, self._z_dim = dict(weights), classes, hparams.z_dim
        self._moments = _compiled(hparams, size)

    def collect(self, truncation: float, batches: int, rng: np.random.Generator) -> Moments:
        """Mean and variance [2, channels] of each batch norm, over latents `truncation` times a bounded normal.

        Args:
            truncation: 0..1.
            batches: of 64 latents, with classes that take turns.
            rng: where latents come from.
        """
        sums: Moments = {}
        for number in range(batches):
            labels = np.eye(self._classes, dtype=np.float32)[(number * BATCH + np.arange(BATCH)) % self._classes]
            z = np.float32(truncation) * bounded(rng, (BATCH, self._z_dim))
            for name, (mean, variance) in self._moments(self._weights, z, labels).items():
                mean, variance = (np.asarray(ops.convert_to_numpy(value), np.float64) for value in (mean, variance))
                found = np.stack([mean, variance + mean**2])
                sums[name] = sums.get(name, 0.0) + found / batches
        return {
            name: np.stack([mean, np.maximum(square - mean**2, 0)]).astype(np.float32)
            for name, (mean, square) in sums.items()
        }


def bounded(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers, those beyond BOUND drawn again: float32."""
    found = rng.standard_normal(shape, np.float32)
    while (far := np.abs(found) > BOUND).any():
        found[far] = rng.standard_normal(int(far.sum()), np.float32)
    return found


@lru_cache(maxsize=8)
def _compiled(hparams: Hparams, size: int) -> Callable[..., Any]:
    return compiled(partial(_moments, hparams, size))


def _moments(hparams: Hparams, size: int, weights: Mapping[str, Any], z: Any, labels: Any) -> dict[str, Any]:
    norm = Norm()
    generator.paint(weights, z, labels, hparams, norm, size)
    return {name: (value[0], value[1]) for name, value in norm.moments.items()}
