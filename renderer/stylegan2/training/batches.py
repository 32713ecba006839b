"""What the steps of a StyleGAN2 run are fed: rows of the dataset, and a key that all random numbers follow from."""

from dataclasses import dataclass

import numpy as np

from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch
from renderer.stylegan2.training.hparams import StyleGan2Hparams
from renderer.training.image_folder import LabelledImages


@dataclass(frozen=True)
class ImageSource:
    """The images to train on."""

    dataset: LabelledImages
    hparams: StyleGan2Hparams

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
            rate: a factor of the learning rate.

        Returns:
            "rows" int [n]; "key" uint32 [2], of random numbers; "seen" and "rate", scalars; "with_penalty" and
            "with_path", whether R1 and the path length penalty are due.
        """
        own = self.hparams
        step = images // own.batch_size
        rng = generator(own.seed, Stream.BATCHES, images)
        return {
            "rows": data_order.rows(own.seed, images, own.batch_size, self.count).astype(np.int32),
            "key": rng.integers(0, 2**32, 2, dtype=np.uint32),
            "seen": np.float32(images),
            "rate": np.float32(rate),
            "with_penalty": np.bool_(step % own.r1_every == 0),
            "with_path": np.bool_(step % own.path_length_every == own.path_length_every // 2),
        }
