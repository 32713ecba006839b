"""How good a picture model is, class by class, beside the pictures that it learned from.

A classifier that has seen half of the real pictures, by plain statistics of their pixels, says what class it sees in
made ones. The other half of the real pictures shows how far it can be trusted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from renderer.training.image_folder import Pictures

Render = Callable[[np.ndarray, np.ndarray], np.ndarray]
# Edge of the thumbnail whose colours are features.
THUMB = 8
# Of everything random; batches, trainer, sheet and export have the others.
MEASURE = 6


@dataclass(frozen=True)
class Measures:
    """Of one class; the shares are 0..1.

    `recognised`: made pictures taken for the class that was asked for; `real_recognised`: real ones that the classifier
    had not seen. `spread`: how much made pictures differ from each other, and `sharpness`: their finest details, both
    against the real ones, which have 1.
    """

    name: str
    recognised: float
    real_recognised: float
    spread: float
    sharpness: float


def measure(pictures: Pictures, paint: Render, z_dim: int, count: int = 32, seed: int = 0) -> list[Measures]:
    """Measure each class.

    Args:
        pictures: what the model learned from, at the size of what it paints; at least two of each class.
        paint: [n, z_dim] and one-hot [n, classes] -> [n, size, size, 3] in -1..1.
        z_dim: length of its latents.
        count: pictures painted of each class.
        seed: of their latents.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng, classes = np.random.default_rng([seed, MEASURE]), len(pictures.classes)
    real = features(pictures.images.astype(np.float32) / 127.5 - 1)
    learned = np.arange(len(real)) % 2 == 0
    ear = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(real[learned], pictures.labels[learned])
    found = []
    for label, name in enumerate(pictures.classes):
        labels = np.eye(classes, dtype=np.float32)[np.full(count, label)]
        made = features(paint(rng.standard_normal((count, z_dim), np.float32), labels))
        mine = pictures.labels == label
        found.append(
            Measures(
                name,
                float(np.mean(ear.predict(made) == label)),
                float(np.mean(ear.predict(real[mine & ~learned]) == label)),
                _spread(made) / _spread(real[mine]),
                float(np.exp(made[:, -1].mean() - real[mine][:, -1].mean())),
            )
        )
    return found


def features(pictures: np.ndarray) -> np.ndarray:
    """Statistics of pictures [n, size, size, 3] in -1..1: [n, THUMB * THUMB * 3 + levels].

    Colours of a thumbnail; then the logarithm of the mean absolute detail at each level of the Laplacian pyramid, the
    finest one last.
    """
    levels, small = [], pictures
    while small.shape[1] > THUMB:
        half = small.reshape(len(small), small.shape[1] // 2, 2, small.shape[2] // 2, 2, 3).mean(axis=(2, 4))
        detail = small - half.repeat(2, axis=1).repeat(2, axis=2)
        levels.append(np.log(np.abs(detail).mean(axis=(1, 2, 3)) + 1e-4))
        small = half
    return np.concatenate([small.reshape(len(small), -1), np.stack(levels[::-1], axis=1)], axis=1)


def table(measures: Sequence[Measures]) -> str:
    """The measures and their means as a Markdown table."""
    lines = ["| class | recognised | real ones recognised | spread | sharpness |", "|---|---|---|---|---|"]
    values = np.array([[one.recognised, one.real_recognised, one.spread, one.sharpness] for one in measures])
    names = [one.name for one in measures] + ["**all**"]
    for name, row in zip(names, [*values, values.mean(axis=0)], strict=True):
        lines.append(f"| {name} | {row[0]:.0%} | {row[1]:.0%} | {row[2]:.2f} | {row[3]:.2f} |")
    return "\n".join(lines)


def _spread(found: np.ndarray) -> float:
    """Mean distance of thumbnails to their mean."""
    thumbs = found[:, : THUMB * THUMB * 3]
    return float(np.sqrt(np.square(thumbs - thumbs.mean(axis=0)).sum(axis=1)).mean())
