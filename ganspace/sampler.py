"""Samplers: the activations of one layer of any kind of model.

Latent vectors come in chunks, each from its own random stream, so that a chunk can be computed without those before it:
on another machine, or after an interruption.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ganspace.components import Origin

CHUNK = 1024
# The random streams.
SAMPLES, LATENTS, MEANS = range(3)
# Bytes of the maps that pass through the network together; more are slower, since they leave the cache.
BATCH_BYTES, LARGEST_BATCH = 2**24, 256

Report = Callable[[int], None]


@dataclass(frozen=True)
class Means:
    """A layer's mean [size], and that at each of some pitches: [p, size]."""

    mean: np.ndarray
    pitches: tuple[int, ...] = ()
    at_pitches: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True)
class Sampler(ABC):
    """A layer of a model, and the seed of its latent vectors.

    `shape` is that of the layer's activations, and `batch_size` how many are computed at once.
    """

    model: Any
    layer: str
    seed: int
    shape: tuple[int, ...]
    batch_size: int

    @property
    def size(self) -> int:
        """The number of values in the layer."""
        return int(np.prod(self.shape))

    @property
    @abstractmethod
    def latent_size(self) -> int:
        """Length of a latent vector."""

    @property
    @abstractmethod
    def checksum(self) -> str:
        """The checksum of the model's weights."""

    @property
    @abstractmethod
    def what(self) -> str:
        """What is sampled, for the log."""

    @property
    @abstractmethod
    def key(self) -> list[Any]:
        """What the samples depend on besides plan and weights, as JSON."""

    @abstractmethod
    def samples(self, stream: int, chunk: int, count: int = CHUNK) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The first `count` of a chunk, batch by batch: latent vectors [n, latent], activations float32 [n, size]."""

    @abstractmethod
    def mean_samples(self, count: int) -> int:
        """The number of samples that `means` takes where the directions come from `count`."""

    @abstractmethod
    def means(self, mean: np.ndarray, count: int, report: Report) -> Means:
        """The means that belong to directions.

        Args:
            mean: [size], of the samples.
            count: how many there were.
            report: called with the number of further samples.
        """

    @abstractmethod
    def origin(self, count: int) -> Origin:
        """The origin of directions from `count` samples."""

    def random(self, stream: int, chunk: int) -> np.random.Generator:
        """The random numbers of a chunk."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(stream, chunk)))


def fast_batch(shape: tuple[int, ...]) -> int:
    """The default number of maps of a shape that are computed together."""
    return min(LARGEST_BATCH, max(1, BATCH_BYTES // (4 * int(np.prod(shape)))))


def chunk_sizes(count: int) -> Sequence[int]:
    """The number of samples in each chunk, for `count` in all."""
    whole, rest = divmod(count, CHUNK)
    return [CHUNK] * whole + [rest] * (rest > 0)
