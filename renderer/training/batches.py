"""The batches that image training steps are fed: images, classes, random and known latents."""

from dataclasses import dataclass

import numpy as np

from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch
from renderer.training import augment
from renderer.training.hparams import ImageHparams
from renderer.training.image_folder import LabelledImages


@dataclass(frozen=True)
class ImageSource:
    """The images to train on."""

    dataset: LabelledImages
    hparams: ImageHparams

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.dataset.labels)

    @property
    def classes(self) -> int:
        """How many classes."""
        return len(self.dataset.classes)

    @property
    def latents(self) -> int:
        """How many latents pretraining learns: one for each image, none where their factors are known."""
        return self.count if self.hparams.warm_start_images and self.dataset.factors is None else 0

    def batch(self, images: int, size: int) -> Batch:
        """The batch of the step after `images` images, at `size` pixels; all of it follows from the seed and `images`.

        Returns:
            "real" [n, size, size, 3] in -1..1, and all that is in `rows_batch`.
        """
        batch = self.rows_batch(images)
        real = self.dataset.at(size)[batch["row"]].astype(np.float32) / np.float32(127.5) - np.float32(1)
        return batch | {"real": real}

    def rows_batch(self, images: int) -> Batch:
        """A batch without its pictures, for a device that has them all.

        Returns:
            "row" [n], of the pictures in `dataset`, and their "labels" [n, classes]; "latent" [n, z_dim], which
            carries the factors where they are known, else noise; "z" and "z_labels", "z2" and "z2_labels": random
            ones; "augment_real", "augment_fake", "augment_generated" [n, augment.NUMBERS].
        """
        count = self.hparams.batch_size
        rng = generator(self.hparams.seed, Stream.BATCHES, images)
        rows = data_order.rows(self.hparams.seed, images, count, self.count)
        batch = {
            "labels": self._one_hot(self.dataset.labels[rows]),
            "row": rows.astype(np.int32),
            "latent": self._latent(rows, rng),
        }
        for name in ("z", "z2"):
            batch[name] = rng.standard_normal((count, self.hparams.z_dim), np.float32)
            batch[f"{name}_labels"] = self._one_hot(rng.integers(self.classes, size=count))
        return batch | {f"augment_{which}": augment.numbers(rng, count) for which in ("real", "fake", "generated")}

    def _latent(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        noise = rng.standard_normal((len(rows), self.hparams.z_dim), np.float32)
        factors = self.dataset.factors
        return noise if factors is None else with_factors(noise, factors[rows])

    def _one_hot(self, labels: np.ndarray) -> np.ndarray:
        return np.eye(self.classes, dtype=np.float32)[labels]


def with_factors(noise: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Latents [n, z] that carry factors [n, known], and are like the given noise [n, z] in everything else.

    Factor k is the sum over axes 8k to 8k+7 (of 128, with 16 factors) divided by the root of 8: of a standard normal
    latent each factor is standard normal too, and moving a group of axes together moves one factor.

    Raises:
        ValueError: there are more factors than latent values.
    """
    count, known = factors.shape
    width = noise.shape[1] // known
    if not width:
        raise ValueError(f"there must be at most {noise.shape[1]} factors, one per value of a latent, not {known}")
    groups = noise[:, : width * known].reshape(count, known, width)
    shift = (factors / np.sqrt(width))[..., None] - groups.mean(axis=2, keepdims=True)
    changed = (groups + shift).reshape(count, -1)
    return np.concatenate([changed, noise[:, width * known :]], axis=1).astype(np.float32)
