"""What the steps of a run are fed: pixels here and there of many pictures, and what each picture was drawn from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import checks
from core.progress import Progress
from core.training import data_order
from core.training.random_streams import Stream, generator
from core.training.trees import Batch
from renderer.cips.config import CipsConfig
from renderer.cips.training.hparams import CipsHparams, model_config
from renderer.training import image_folder
from renderer.training.image_folder import LabelledImages
from renderer.training.patterns.folder import FILE


@dataclass(frozen=True)
class PixelSource:
    """The pictures to train on, whole or scattered (see `image_folder.Scatter`)."""

    dataset: LabelledImages
    hparams: CipsHparams
    # Of the factors.
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.dataset.labels)

    @property
    def classes(self) -> int:
        """How many classes."""
        return len(self.dataset.classes)

    @property
    def factors(self) -> np.ndarray:
        """What each picture was drawn from, float32 [count, known]."""
        assert self.dataset.factors is not None
        return self.dataset.factors

    @property
    def config(self) -> CipsConfig:
        """The generator's shape."""
        return self.hparams.config(self.factors.shape[1], self.classes)

    @property
    def model_config(self) -> CipsConfig:
        """The shape of the model that is exported."""
        return model_config(self.hparams, self.config)

    def batch(self, images: int, rate: float) -> Batch:
        """The batch of the step after `images` pictures; all of it follows from the seed and `images`.

        Returns:
            "z" [n, known], the factors of n pictures; "labels" [n, classes]; "at" [n, k, 2], places of k pixels of
            each, as in `network.grid`; "colors" uint8 [n, k, 3]; "seen" and "rate", scalars.
        """
        own, edge = self.hparams, self.dataset.size
        rng = generator(own.seed, Stream.BATCHES, images)
        rows = data_order.rows(own.seed, images, own.batch_size, self.count)
        down, across = rng.integers(0, edge, (2, own.batch_size, own.pixels))
        return {
            "z": self.factors[rows],
            "labels": np.eye(self.classes, dtype=np.float32)[self.dataset.labels[rows]],
            "at": self._places(rows, down, across),
            "colors": self.dataset.images[rows[:, None], down, across],
            "seen": np.float32(images),
            "rate": np.float32(rate),
        }

    def _places(self, rows: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
        if (scatter := self.dataset.scatter) is not None:
            first = scatter.first[rows]
            down, across = down * scatter.every + first[:, :1], across * scatter.every + first[:, 1:]
        places = (np.stack([across, down], axis=-1) + 0.5) / self.hparams.size * 2 - 1
        return places.astype(np.float32)


def read(folder: Path, own: CipsHparams, skip_bad: bool, progress: Progress) -> PixelSource:
    """Read pictures of known factors; see `image_folder.read` for more errors.

    Raises:
        ValueError: it is not known what they were drawn from, latents have fewer values, or scattered pictures are of
            another size.
    """
    scatter = image_folder.scatter(folder)
    edge = own.size if scatter is None else own.size // scatter.every
    if scatter is not None and scatter.size != own.size:
        raise checks.mismatch("size", f"be {scatter.size}, that of the pictures in {folder}", own.size)
    dataset = image_folder.read(folder, edge, skip_bad, progress, scattered=True)
    if dataset.factors is None:
        raise ValueError(f"{folder} has no {FILE}: cips_train learns from pictures whose factors are known")
    source = PixelSource(dataset, own, image_folder.factor_names(folder))
    model_config(own, source.config)
    return source
