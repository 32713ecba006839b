"""Image grids of directions: a row for each direction, from -3 to +3 standard deviations, at a few points."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.plots import LIGHT, WARM, dark_figure, style
from ganspace.audio_metrics import AMOUNTS
from ganspace.audio_plots import SIGMA

# The largest size of an image in the grid, in pixels.
TILE = 72
# Pixels between images, and between points.
EDGE, GAP = 1, 8


def save_sheet(path: Path, heading: str, rows: np.ndarray, labels: Sequence[str], columns: Sequence[str]) -> None:
    """Plot the grid.

    Args:
        path: .png, .svg or .pdf.
        heading: above it.
        rows: [directions, points, amounts, height, width, 3] in -1..1.
        labels: what each direction does.
        columns: what each point is.
    """
    image = grid_image(rows)
    height, width, _ = image.shape
    wide, high = width / 100 + 4.2, height / 100 + 1.0
    figure = dark_figure(wide, high)
    axes = figure.subplots()
    axes.imshow(image, interpolation="none", aspect="equal")
    style(axes)
    for spine in axes.spines.values():
        spine.set_visible(False)
    across = (width + GAP) / len(columns)
    tile = (across - GAP) / len(AMOUNTS)
    places = [point * across + (k + 0.5) * tile for point in range(len(columns)) for k in range(len(AMOUNTS))]
    axes.set_xticks(places, [f"{amount:+.0f}" for _ in columns for amount in AMOUNTS])
    axes.set_yticks([(k + 0.5) * height / len(labels) for k in range(len(labels))], labels, fontsize=9)
    for point, column in enumerate(columns):
        middle = (point + 0.5) * across - GAP / 2
        axes.text(middle, -6, column, color=WARM, fontsize=10, ha="center", va="bottom")
    axes.set_xlabel(SIGMA)
    figure.suptitle(heading, color=LIGHT, fontsize=11)
    figure.savefig(path, dpi=100)


def grid_image(rows: np.ndarray) -> np.ndarray:
    """The grid as one image [height, width, 3] in 0..1, with a gap between points."""
    step = 1
    while rows.shape[3] > TILE * step:
        step *= 2
    count, points, amounts, height, width, _ = rows.shape
    small = rows.reshape(count, points, amounts, height // step, step, width // step, step, 3).mean(axis=(4, 6))
    tiles = np.full((count, points, amounts, height // step + EDGE, width // step + EDGE, 3), 0.08)
    tiles[..., EDGE:, EDGE:, :] = (small.clip(-1, 1) + 1) / 2
    high, wide = tiles.shape[3:5]
    lines = tiles.transpose(1, 0, 3, 2, 4, 5).reshape(points, count * high, amounts * wide, 3)
    gap = np.full((count * high, GAP, 3), 0.08)
    parts = [part for line in lines for part in (line, gap)][:-1]
    return np.concatenate(parts, axis=1)
