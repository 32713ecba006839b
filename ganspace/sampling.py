"""Latent vectors -> activations of one layer, in batches.

Only the layers below the hook are computed. conv0 is one matrix product: its input is a single pixel, and the network
keeps its kernel as a dense matrix (`gansynth.network.prepare`).

The latent vectors come in chunks, each from a random stream of its own. So a chunk can be had without those before it:
on another machine, or after a kill.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gansynth.config import Config, check_pitch

if TYPE_CHECKING:
    from gansynth.model import Model

CHUNK = 1024
# The random streams.
SAMPLES, LATENTS, PITCHES = range(3)
# Maps that pass through the network together; more is slower, since they leave the cache.
BATCH_BYTES, LARGEST_BATCH = 2**24, 512


@dataclass(frozen=True)
class Sampler:
    """A layer of a model at one pitch, and the seed of its latent vectors."""

    model: "Model"
    layer: str
    pitch: int
    seed: int
    shape: tuple[int, ...]
    batch_size: int

    @property
    def size(self) -> int:
        """How many values the layer has."""
        return int(np.prod(self.shape))

    def latents(self, stream: int, chunk: int, count: int = CHUNK) -> np.ndarray:
        """The first `count` latent vectors of a chunk: float32 [count, latent]."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(stream, chunk)))
        return rng.standard_normal((CHUNK, self.model.latent_size), dtype=np.float32)[:count]

    def activations(self, z: np.ndarray, pitch: int | None = None) -> np.ndarray:
        """Activations of latent vectors [n, latent]: float32 [n, size]."""
        pitches = [self.pitch if pitch is None else pitch] * len(z)
        return self.model.activations(z, pitches, self.layer, at_once=self.batch_size).reshape(len(z), -1)

    def batches(self, z: np.ndarray) -> Iterator[np.ndarray]:
        """The activations of `z` batch by batch, each float32 [at most batch_size, size]."""
        for start in range(0, len(z), self.batch_size):
            yield self.activations(z[start : start + self.batch_size])


def make(model: "Model", layer: str, pitch: int, seed: int, batch_size: int = 0) -> Sampler:
    """A sampler.

    Args:
        model: the loaded GANSynth.
        layer: one of `model.layers`.
        pitch: MIDI pitch of the samples.
        seed: of the latent vectors.
        batch_size: notes at once; 0: as many as are fast.

    Raises:
        ValueError: the model has no such layer or pitch.
    """
    check_pitch(model.name, model.pitches, pitch)
    if layer not in model.layers:
        raise ValueError(f"{layer!r} is no layer of {model.name}; its layers are {', '.join(model.layers)}")
    shape = layer_shape(model.config, layer)
    fast = min(LARGEST_BATCH, max(1, BATCH_BYTES // (4 * int(np.prod(shape)))))
    return Sampler(model, layer, pitch, seed, shape, batch_size or fast)


def layer_shape(config: Config, layer: str) -> tuple[int, int, int]:
    """Time, frequency and channels of a layer's activations; the layer is called conv0, conv1, conv0_2, conv1_2, ..."""
    block = int(layer.partition("_")[2] or 1)
    growth = config.scale_base ** (block - 1)
    wide = growth if config.scale_mode == "ALL" else 1
    return config.start_height * growth, config.start_width * wide, config.num_filters(block)


def chunk_sizes(count: int) -> Sequence[int]:
    """How many samples each chunk gives, for `count` in all."""
    whole, rest = divmod(count, CHUNK)
    return [CHUNK] * whole + [rest] * (rest > 0)
