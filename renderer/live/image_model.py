"""What the live renderer needs of a picture model; see `renderer.biggan`."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np


class ImageModel(Protocol):
    """A loaded one, of a folder. May be used from several threads."""

    name: str
    folder: Path
    resolution: int
    z_size: int
    num_classes: int
    class_names: tuple[str, ...]
    layers: tuple[str, ...]

    def layer_shape(self, layer: str) -> tuple[int, int, int]:
        """Height, width and channels of a layer's map."""

    def frames_uint8(
        self, z: np.ndarray, classes: np.ndarray, truncation: float, layer: str = "", offsets: np.ndarray | None = None
    ) -> Any:
        """[n, z], [n, classes] -> iterator of n pictures, uint8 [H, W, 3]; offsets are added to the layer's map."""
