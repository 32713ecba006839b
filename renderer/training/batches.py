"""What each training step is fed.

Everything random follows from the seed and the number of images seen, so a run that was killed goes on with the very
numbers that the unbroken one would have had.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training import data_order
from renderer.training import augment
from renderer.training.hparams import Hparams
from renderer.training.image_folder import Pictures

Batch = dict[str, Any]
# What its random stream is for, beside the seed; order, trainer and sheets have the others.
STEP = 2


@dataclass(frozen=True)
class Source:
    """The pictures to train on."""

    pictures: Pictures
    hparams: Hparams

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.pictures.labels)

    @property
    def classes(self) -> int:
        """How many classes."""
        return len(self.pictures.classes)

    @property
    def latents(self) -> int:
        """How many latents the run learns: one for each picture in a warm start, none where factors are known."""
        return self.count if self.hparams.warm_start_images and self.pictures.factors is None else 0

    def batch(self, images: int, size: int) -> Batch:
        """The batch after `images` images, of pictures of `size` pixels.

        Returns:
            "real" [n, size, size, 3] in -1..1 with "labels" [n, classes] and "row" [n]; "latent" [n, z_dim], made of
            the factors where they are known, else noise; "z" and "z_labels", "z2" and "z2_labels": random ones;
            "augment_real", "augment_fake", "augment_made" [n, augment.NUMBERS].
        """
        count = self.hparams.batch_size
        rng = np.random.default_rng([self.hparams.seed, STEP, images])
        rows = data_order.rows(self.hparams.seed, images, count, self.count)
        batch = {
            "real": self.pictures.at(size)[rows].astype(np.float32) / np.float32(127.5) - np.float32(1),
            "labels": self._one_hot(self.pictures.labels[rows]),
            "row": rows.astype(np.int32),
            "latent": self._latent(rows, rng),
        }
        for name in ("z", "z2"):
            batch[name] = rng.standard_normal((count, self.hparams.z_dim), np.float32)
            batch[f"{name}_labels"] = self._one_hot(rng.integers(self.classes, size=count))
        return batch | {f"augment_{which}": augment.numbers(rng, count) for which in ("real", "fake", "made")}

    def _latent(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        noise = rng.standard_normal((len(rows), self.hparams.z_dim), np.float32)
        factors = self.pictures.factors
        return noise if factors is None else with_factors(noise, factors[rows])

    def _one_hot(self, labels: np.ndarray) -> np.ndarray:
        return np.eye(self.classes, dtype=np.float32)[labels]


def with_factors(noise: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Latents [n, z] that carry factors [n, known], the rest of them being the noise [n, z] that is given.

    Factor k is the sum over axes 8k to 8k+7 (of 128, with 16 factors) divided by the root of 8: of a standard normal
    latent each factor is standard normal too, and moving a group of axes together moves one factor.

    Raises:
        ValueError: there are more factors than latent values.
    """
    count, known = factors.shape
    width = noise.shape[1] // known
    if not width:
        raise ValueError(f"there are {known} factors, more than the {noise.shape[1]} values of a latent")
    groups = noise[:, : width * known].reshape(count, known, width)
    wanted = (factors / np.sqrt(width))[..., None] - groups.mean(axis=2, keepdims=True)
    changed = (groups + wanted).reshape(count, -1)
    return np.concatenate([changed, noise[:, width * known :]], axis=1).astype(np.float32)
