"""What directions are found in: the activations of one layer, whatever kind of model makes them.

The latent vectors come in chunks, each from a random stream of its own. So a chunk can be had without those before it:
on another machine, or after a kill.
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
# Maps that pass through the network together; more is slower, since they leave the cache.
BATCH_BYTES, LARGEST_BATCH = 2**24, 512

Tell = Callable[[int], None]


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
        """How many values the layer has."""
        return int(np.prod(self.shape))

    @property
    @abstractmethod
    def latent_size(self) -> int:
        """How long a latent vector is."""

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
        """What the samples depend on beside plan and weights; goes into JSON."""

    @abstractmethod
    def samples(self, stream: int, chunk: int, count: int = CHUNK) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The first `count` of a chunk, batch by batch: latent vectors [n, latent], activations float32 [n, size]."""

    @abstractmethod
    def mean_samples(self, count: int) -> int:
        """How many samples `means` takes where the directions come from `count`."""

    @abstractmethod
    def means(self, mean: np.ndarray, count: int, tell: Tell) -> Means:
        """The means that belong to directions.

        Args:
            mean: [size], of the samples.
            count: how many there were.
            tell: told how many more are done.
        """

    @abstractmethod
    def origin(self, count: int) -> Origin:
        """Where directions from `count` samples come from."""

    def random(self, stream: int, chunk: int) -> np.random.Generator:
        """A chunk's own random numbers."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(stream, chunk)))


def fast_batch(shape: tuple[int, ...]) -> int:
    """How many maps of a shape are computed at once where no one says so."""
    return min(LARGEST_BATCH, max(1, BATCH_BYTES // (4 * int(np.prod(shape)))))


def chunk_sizes(count: int) -> Sequence[int]:
    """How many samples each chunk gives, for `count` in all."""
    whole, rest = divmod(count, CHUNK)
    return [CHUNK] * whole + [rest] * (rest > 0)
