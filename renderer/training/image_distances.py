"""FID and KID of generated images on the features of EfficientNet-Lite0: not the numbers that Inception gives."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core import distances

# uint8 [n, size, size, 3] -> features [n, k].
Extract = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ImageDistances:
    """Distances of generated images to real ones.

    Attributes:
        fid: Fréchet distance.
        kid: kernel distance.
        real_fid: the Fréchet distance between two halves of the real images, which is the least to expect.
        real_kid: likewise.
        generated: how many were compared.
        real: how many were compared.
    """

    fid: float
    kid: float
    real_fid: float
    real_kid: float
    generated: int
    real: int

    def __str__(self) -> str:
        return (
            f"EfficientNet-Lite0 (not Inception), {self.generated} generated and {self.real} real images: "
            f"FID {self.fid:.1f}, KID {self.kid:.4f}; halves of the real ones: FID {self.real_fid:.1f}, "
            f"KID {self.real_kid:.4f}"
        )


def measure(real: np.ndarray, generated: np.ndarray, extract: Extract) -> ImageDistances:
    """Compare images.

    Args:
        real: uint8 [n, size, size, 3], in random order.
        generated: uint8 [m, size, size, 3].
        extract: gives the features.

    Raises:
        ValueError: there are fewer than 4 real or 2 generated images.
    """
    if len(real) < 4 or len(generated) < 2:
        raise ValueError(f"there must be at least 4 real and 2 generated images, not {len(real)} and {len(generated)}")
    known, new = extract(real), extract(generated)
    halves = known[::2], known[1::2]
    return ImageDistances(
        distances.frechet(known, new), distances.kernel(known, new), distances.frechet(*halves),
        distances.kernel(*halves), len(new), len(known),
    )  # fmt: skip
