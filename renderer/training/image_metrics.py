"""Metrics of an image model, class by class, against the images that it was trained on.

A classifier is fitted to statistics of one half of the real images, and then classifies generated ones. The other half
of the real images shows how far it can be trusted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.scikit_learn import scikit_learn
from core.training.random_streams import Stream, generator
from renderer.training.image_folder import LabelledImages

Render = Callable[[np.ndarray, np.ndarray], np.ndarray]
# Edge of the thumbnail whose colours are features, in pixels.
THUMB = 8


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of one class.

    Attributes:
        name: of the class.
        recognised: share (0..1) of generated images that the classifier recognises.
        real_recognised: the same of real images that the classifier was not fitted to.
        spread: how much generated images differ from each other; 1 is the value of real ones.
        sharpness: of their finest details; 1 is the value of real ones.
    """

    name: str
    recognised: float
    real_recognised: float
    spread: float
    sharpness: float


def measure(dataset: LabelledImages, render: Render, z_dim: int, count: int = 32, seed: int = 0) -> list[ClassMetrics]:
    """Measure each class.

    Args:
        dataset: what the model was trained on, at the size of its images; at least two of each class.
        render: [n, z_dim] and one-hot [n, classes] -> [n, size, size, 3] in -1..1.
        z_dim: length of its latents.
        count: images generated of each class.
        seed: of their latents.
    """
    rng, classes = generator(seed, Stream.METRICS), len(dataset.classes)
    real = features(dataset.images.astype(np.float32) / 127.5 - 1)
    fitted = np.arange(len(real)) % 2 == 0
    classify = _classifier(real[fitted], dataset.labels[fitted])
    found = []
    for label, name in enumerate(dataset.classes):
        labels = np.eye(classes, dtype=np.float32)[np.full(count, label)]
        generated = features(render(rng.standard_normal((count, z_dim), np.float32), labels))
        own = dataset.labels == label
        found.append(
            ClassMetrics(
                name,
                float(np.mean(classify(generated) == label)),
                float(np.mean(classify(real[own & ~fitted]) == label)),
                _spread(generated) / _spread(real[own]),
                float(np.exp(generated[:, -1].mean() - real[own][:, -1].mean())),
            )
        )
    return found


def _classifier(rows: np.ndarray, labels: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A function of features [n, k] that predicts labels [n], fitted to some."""
    analysis = scikit_learn("discriminant_analysis")
    return analysis.LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(rows, labels).predict


def features(images: np.ndarray) -> np.ndarray:
    """Statistics of images [n, size, size, 3] in -1..1: [n, THUMB * THUMB * 3 + levels].

    The colours of a thumbnail, then the logarithm of the mean absolute detail at each level of the Laplacian pyramid,
    the finest one last.
    """
    levels, small = [], images
    while small.shape[1] > THUMB:
        half = small.reshape(len(small), small.shape[1] // 2, 2, small.shape[2] // 2, 2, 3).mean(axis=(2, 4))
        detail = small - half.repeat(2, axis=1).repeat(2, axis=2)
        levels.append(np.log(np.abs(detail).mean(axis=(1, 2, 3)) + 1e-4))
        small = half
    return np.concatenate([small.reshape(len(small), -1), np.stack(levels[::-1], axis=1)], axis=1)


def table(metrics: Sequence[ClassMetrics]) -> str:
    """The metrics of all classes and their means as a Markdown table."""
    lines = ["| class | recognised | real ones recognised | spread | sharpness |", "|---|---|---|---|---|"]
    values = np.array([[one.recognised, one.real_recognised, one.spread, one.sharpness] for one in metrics])
    names = [one.name for one in metrics] + ["**all**"]
    for name, row in zip(names, [*values, values.mean(axis=0)], strict=True):
        lines.append(f"| {name} | {row[0]:.0%} | {row[1]:.0%} | {row[2]:.2f} | {row[3]:.2f} |")
    return "\n".join(lines)


def _spread(found: np.ndarray) -> float:
    """Mean distance of the thumbnails to their mean."""
    thumbs = found[:, : THUMB * THUMB * 3]
    return float(np.sqrt(np.square(thumbs - thumbs.mean(axis=0)).sum(axis=1)).mean())
