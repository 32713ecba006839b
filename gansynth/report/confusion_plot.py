"""Plot which families were requested and which were recognised."""

from pathlib import Path

import numpy as np

from core.plots import LIGHT, dark_figure
from gansynth.report.family_classifier import Confusion


def save(path: Path, confusion: Confusion, title: str) -> None:
    """Draw a confusion matrix; the suffix is the format.

    Args:
        path: .png, .svg or .pdf.
        confusion: with at least one family.
        title: one line.
    """
    size = len(confusion.families)
    shares = confusion.counts / np.maximum(confusion.requested, 1)[:, None]
    figure = dark_figure(3.2 + 0.62 * size, 2.4 + 0.5 * size)
    axes = figure.subplots()
    axes.imshow(shares, cmap="magma", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(size, size):
        if confusion.counts[row, column]:
            ink = "black" if shares[row, column] > 0.6 else "white"
            text = f"{100 * shares[row, column]:.0f}"
            axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(size), confusion.families, rotation=45, ha="right", rotation_mode="anchor")
    rows = zip(confusion.families, confusion.requested, strict=True)
    axes.set_yticks(range(size), [f"{name} ({count})" for name, count in rows])
    axes.set_xlabel("recognised / % of the notes requested", color=LIGHT)
    axes.set_ylabel("requested (notes)", color=LIGHT)
    axes.set_title(title, color=LIGHT, fontsize=10)
    axes.tick_params(colors=LIGHT, labelsize=9)
    figure.savefig(path, dpi=100)
