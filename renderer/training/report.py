"""How near images of a generator are to real ones: each class, and all together, as text for a model's card."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import checks, families
from core.nn import efficientnet
from core.protocols import ImageModel, NoisyImageModel
from core.training.random_streams import Stream, generator
from core.training.settings import check_classes
from renderer.training import image_distances, image_metrics
from renderer.training.image_folder import LabelledImages

# Images of each class that are compared.
COMPARED = 64


class ModelRenderer:
    """Renders images of an image model at truncation 1; where it takes noise, each with noise of its own.

    Args:
        model: any.
        seed: of the noise.
    """

    def __init__(self, model: ImageModel, seed: int = 0) -> None:
        self._model, self._rng = model, generator(seed, Stream.METRICS, 2)

    def __call__(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """[n, z_size] and one-hot [n, classes] -> float32 [n, size, size, 3] in -1..1."""
        model, found = self._model, []
        for one, label in zip(z, labels, strict=True):
            classes = label[None] if model.num_classes else None
            found.append(model.generate(one[None], classes, 1.0, noise=self._noise())[0])
        return np.clip(np.stack(found), -1.0, 1.0)

    def _noise(self) -> list[np.ndarray] | None:
        if not isinstance(self._model, NoisyImageModel):
            return None
        return [self._rng.standard_normal(one.shape, np.float32) for one in self._model.noises]


def of_model(folder: Path, images: LabelledImages, features: Path | None = None) -> str:
    """The report of the image model in a folder, of any family; see `text`.

    Args:
        folder: of the model.
        images: of its classes, at its size; best ones that it was not trained on.
        features: see `text`.

    Raises:
        FileNotFoundError: there is no image model in the folder.
        ValueError: the model is damaged, or has other classes than the images; or see `text`.
    """
    model = families.load(folder, "image")
    check_classes(folder, model.class_names or ("",), images.classes)
    return text(ModelRenderer(model), images, model.z_size, features)


def text(
    render: image_metrics.Render, images: LabelledImages, z_size: int, features: Path | None = None, seed: int = 0
) -> str:
    """A table of the classes, and FID and KID where there are weights of a feature extractor.

    Args:
        render: gives images of latent vectors and labels.
        images: real ones, at the generator's size.
        z_size: length of a latent vector.
        features: the file with the weights of EfficientNet-Lite0; None: that of the installed package, if any.
        seed: of the latent vectors, and of which real images are compared.

    Raises:
        ValueError: images are too small to be measured.
    """
    if images.size <= image_metrics.THUMB:
        rule = f"be more than {image_metrics.THUMB} pixels to be measured"
        raise checks.mismatch("the images' size", rule, images.size)
    table = image_metrics.table(image_metrics.measure(images, render, z_size))
    try:
        extract = efficientnet.FeatureExtractor(features or efficientnet.find())
    except FileNotFoundError as error:
        return f"{table}\n\nno FID and KID: {error}"
    return f"{table}\n\n{_distances(render, images, z_size, extract, seed)}"


def _distances(
    render: image_metrics.Render, images: LabelledImages, z_size: int, extract: image_distances.Extract, seed: int
) -> image_distances.ImageDistances:
    """Compare `COMPARED` images of each class."""
    rng, classes = generator(seed, Stream.METRICS, 1), len(images.classes)
    labels = np.repeat(np.arange(classes), COMPARED)
    z = rng.standard_normal((len(labels), z_size), np.float32)
    parts = np.array_split(np.arange(len(labels)), classes)
    generated = _bytes(render(z[part], np.eye(classes, dtype=np.float32)[labels[part]]) for part in parts)
    rows = rng.permutation(len(images.labels))[: len(labels)]
    return image_distances.measure(images.images[rows], generated, extract)


def _bytes(batches: Iterable[Any]) -> np.ndarray:
    """Images in -1..1 as uint8, batch by batch."""
    found: Sequence[np.ndarray] = [np.clip(np.round(one * 127.5 + 127.5), 0, 255).astype(np.uint8) for one in batches]
    return np.concatenate(found)
