"""What the steps of a StyleGAN2 run are fed: rows of the dataset, and a key that all random numbers follow from."""

from dataclasses import dataclass

import numpy as np

from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch
from renderer.stylegan2.training import reconstruction
from renderer.stylegan2.training.hparams import StyleGan2Hparams
from renderer.training.image_folder import LabelledImages
from renderer.training.patterns.folder import FILE


@dataclass(frozen=True)
class ImageSource:
    """The images to train on."""

    dataset: LabelledImages
    hparams: StyleGan2Hparams

    def __post_init__(self) -> None:
        """Check that pretraining, if there is any, knows the images' factors.

        Raises:
            ValueError: it does not.
        """
        if self.hparams.warm_start_images and self.dataset.factors is None:
            raise ValueError(f"warm_start_images must be 0 without {FILE}, the factors that each image was drawn from")

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.dataset.labels)

    @property
    def classes(self) -> int:
        """How many classes."""
        return len(self.dataset.classes)

    def data(self, size: int) -> Batch:
        """The dataset at a size: "images" uint8 [count, size, size, 3] and "labels" int [count]."""
        return {"images": self.dataset.at(size), "labels": self.dataset.labels.astype(np.int32)}

    def batch(self, images: int, rate: float = 1.0) -> Batch:
        """The batch of the step after `images` images; all of it follows from the seed and `images`.

        Args:
            images: seen so far.
            rate: the learning rate in pretraining, later a factor of it.

        Returns:
            "rows" int [n]; "key" uint32 [2], of random numbers; "seen" and "rate", scalars; "with_penalty" and
            "with_path", whether R1 and the path length penalty are due. Where factors are known, "latents"
            [n, z_size], which carry them, and "place", see `reconstruction.place`.
        """
        own = self.hparams
        step = images // own.batch_size
        rng = generator(own.seed, Stream.BATCHES, images)
        rows = data_order.rows(own.seed, images, own.batch_size, self.count).astype(np.int32)
        return self._known(rows, images) | {
            "rows": rows,
            "key": rng.integers(0, 2**32, 2, dtype=np.uint32),
            "seen": np.float32(images),
            "rate": np.float32(rate),
            "with_penalty": np.bool_(step % own.r1_every == 0),
            "with_path": np.bool_(step % own.path_length_every == own.path_length_every // 2),
        }

    def _known(self, rows: np.ndarray, images: int) -> Batch:
        """What pretraining takes from the factors of some images."""
        if not self.hparams.warm_start_images or self.dataset.factors is None:
            return {}
        rng = generator(self.hparams.seed, Stream.BATCHES, images, 1)
        noise = rng.standard_normal((len(rows), self.hparams.z_size), np.float32)
        latents = reconstruction.latents(noise, self.dataset.factors[rows])
        return {"latents": latents, "place": reconstruction.place(rng)}
