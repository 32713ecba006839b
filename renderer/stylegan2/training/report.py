"""How near a run's images are to those that it was trained on: each class, and all together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from renderer.stylegan2.training.batches import ImageSource
from renderer.stylegan2.training.samples import SampleRenderer
from renderer.training import report


def text(weights: Mapping[str, Any], source: ImageSource, size: int, features: Path | None) -> str:
    """The report of `renderer.training.report.text` on the averaged generator.

    Args:
        weights: of the averaged generator.
        source: what it was trained on.
        size: of its images, in pixels.
        features: the file with the weights of EfficientNet-Lite0; None: that of the installed package, if any.

    Raises:
        ValueError: images are too small to be measured.
    """
    render = SampleRenderer(weights, source.hparams, source.classes, size)
    return report.text(render, source.dataset.resized(size), source.hparams.z_size, features, source.hparams.seed)
