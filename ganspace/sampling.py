"""Sample a sound model: latent vectors -> activations of one layer at one pitch, in batches.

Only the layers up to this one are computed. conv0 is one matrix product: its input is a single pixel, and the network
keeps its kernel as a dense matrix (`gansynth.network.prepare`).
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ganspace.components import Origin
from ganspace.sampler import CHUNK, MEANS, SAMPLES, Means, Report, Sampler, chunk_sizes, fast_batch
from gansynth.config import check_pitch

if TYPE_CHECKING:
    from gansynth.model import Model

__all__ = ["CHUNK", "SAMPLES", "NoteSampler", "chunk_sizes", "make"]

log = logging.getLogger(__name__)

# How many samples give the mean of each pitch, and how many bytes the means may take.
PITCH_SAMPLES, PITCH_BYTES = (32, 512), 2**28


@dataclass(frozen=True)
class NoteSampler(Sampler):
    """A layer of a sound model at one pitch."""

    model: "Model"
    pitch: int

    @property
    def latent_size(self) -> int:
        """Length of a latent vector."""
        return self.model.latent_size

    @property
    def checksum(self) -> str:
        """The checksum of the checkpoint."""
        return self.model.checksum

    @property
    def what(self) -> str:
        """What is sampled, for the log."""
        return f"at pitch {self.pitch}"

    @property
    def key(self) -> list[Any]:
        """What the samples depend on besides plan and weights."""
        checksum = self.model.prior.checksum
        return [self.pitch, *([checksum] if checksum else [])]

    def latents(self, stream: int, chunk: int, count: int = CHUNK) -> np.ndarray:
        """The first `count` latent vectors of a chunk: float32 [count, latent]."""
        return self.model.prior.draw(self.random(stream, chunk), CHUNK)[:count]

    def activations(self, z: np.ndarray, pitch: int | None = None) -> np.ndarray:
        """Activations of latent vectors [n, latent]: float32 [n, size]."""
        pitches = [self.pitch if pitch is None else pitch] * len(z)
        return self.model.activations(z, pitches, self.layer, at_once=self.batch_size).reshape(len(z), -1)

    def batches(self, z: np.ndarray, pitch: int | None = None) -> Iterator[np.ndarray]:
        """The activations of `z` batch by batch, each float32 [at most batch_size, size]."""
        for start in range(0, len(z), self.batch_size):
            yield self.activations(z[start : start + self.batch_size], pitch)

    def samples(self, stream: int, chunk: int, count: int = CHUNK) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The first `count` of a chunk, batch by batch: latent vectors and activations."""
        z = self.latents(stream, chunk, count)
        for place, samples in enumerate(self.batches(z)):
            yield z[place * self.batch_size :][: len(samples)], samples

    def mean_samples(self, count: int) -> int:
        """The number of samples that `means` takes."""
        return self._each_pitch(count) * len(self.model.pitches)

    def means(self, mean: np.ndarray, count: int, report: Report) -> Means:
        """The mean at each pitch: the whole mean plus the mean difference of a few z between that pitch and ours."""
        each, pitches = self._each_pitch(count), self.model.pitches
        if not each:
            log.warning(
                "%s is too large to keep a mean for each pitch; coordinates will not depend on the pitch", self.layer
            )
            return Means(mean)
        log.info("comparing %d pitches", len(pitches))
        z, sums = self.latents(MEANS, 0, each), {}
        for pitch in pitches:
            sums[pitch] = sum(part.sum(axis=0, dtype=np.float64) for part in self.batches(z, pitch))
            report(each)
        means = np.stack([mean + (sums[pitch] - sums[self.pitch]) / each for pitch in pitches])
        return Means(mean, tuple(pitches), means.astype(np.float32))

    def origin(self, count: int) -> Origin:
        """The origin of directions from `count` samples."""
        return Origin(self.model.name, self.checksum, self.pitch, self.seed, count)

    def _each_pitch(self, count: int) -> int:
        """Samples for the mean of each pitch: fewer in a large layer, 0 where the means would take too many bytes."""
        if 4 * self.size * len(self.model.pitches) > PITCH_BYTES:
            return 0
        return max(PITCH_SAMPLES[0], min(PITCH_SAMPLES[1], 2**21 // self.size, count // 8))


def make(model: "Model", layer: str, pitch: int, seed: int, batch_size: int = 0) -> NoteSampler:
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
    shape = model.layer_shape(layer)
    return NoteSampler(model, layer, seed, shape, batch_size or fast_batch(shape), pitch)
