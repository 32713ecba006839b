"""Sheets of spectrograms: a row for each kind, a column for each clip."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

# Pixels between pictures.
_GAP = 4


def sheet(rows: Mapping[str, np.ndarray]) -> np.ndarray:
    """Spectrograms [n, mels, frames] in 0..1 of each row as one picture in colours: uint8 [height, width, 3].

    Low bands are below.
    """
    from matplotlib import colormaps

    height = max(mels.shape[1] for mels in rows.values())
    width = max(mels.shape[2] for mels in rows.values())
    columns = max(len(mels) for mels in rows.values())
    plane = np.zeros((len(rows) * (height + _GAP), columns * (width + _GAP)), np.float32)
    for row, mels in enumerate(rows.values()):
        for column, mel in enumerate(mels):
            top, left = row * (height + _GAP), column * (width + _GAP)
            plane[top : top + mel.shape[0], left : left + mel.shape[1]] = np.clip(mel, 0, 1)[::-1]
    return (colormaps["magma"](plane)[..., :3] * 255).astype(np.uint8)


def write(path: Path, rows: Mapping[str, np.ndarray]) -> Path:
    """Write a sheet as PNG; the file's path."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet(rows)).save(path)
    return path
