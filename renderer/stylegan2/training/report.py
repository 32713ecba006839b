"""How near a run's images are to those that it was trained on: each class, and all together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
from core.nn import efficientnet
from core.training.random_streams import Stream, generator
from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.samples import SampleRenderer
from renderer.training import image_distances, image_metrics
from renderer.training.sample_grid import to_bytes

# Images of each class that are compared.
COMPARED = 64


def text(weights: Mapping[str, Any], source: ImageSource, size: int, features: Path | None) -> str:
    """A table of the classes, and FID and KID where there are weights of a feature extractor.

    Args:
        weights: of the averaged generator.
        source: what it was trained on.
        size: of its images, in pixels.
        features: the file with the weights of EfficientNet-Lite0; None: that of the installed package, if any.

    Raises:
        ValueError: images are too small to be measured.
    """
    if size <= image_metrics.THUMB:
        raise checks.mismatch("the images' size", f"be more than {image_metrics.THUMB} pixels to be measured", size)
    render = SampleRenderer(weights, source.hparams, source.classes, size)
    table = image_metrics.table(image_metrics.measure(source.dataset.resized(size), render, source.hparams.z_size))
    try:
        extract = efficientnet.FeatureExtractor(features or efficientnet.find())
    except FileNotFoundError as error:
        return f"{table}\n\nno FID and KID: {error}"
    return f"{table}\n\n{_distances(render, source, size, extract)}"


def _distances(
    render: SampleRenderer, source: ImageSource, size: int, extract: image_distances.Extract
) -> image_distances.ImageDistances:
    """Compare `COMPARED` images of each class."""
    rng = generator(source.hparams.seed, Stream.METRICS, 1)
    labels = np.repeat(np.arange(source.classes), COMPARED)
    z = rng.standard_normal((len(labels), source.hparams.z_size), np.float32)
    generated = to_bytes(render(z, np.eye(source.classes, dtype=np.float32)[labels]))
    rows = rng.permutation(source.count)[: len(labels)]
    return image_distances.measure(source.dataset.at(size)[rows], generated, extract)
