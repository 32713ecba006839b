"""Write patterns as a folder of class folders, and the factors of each image beside them."""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from renderer.training import class_folders, patterns
from renderer.training.patterns.canvas import FACTORS

FILE = "factors.npz"


def write(
    folder: Path,
    families: Sequence[str],
    pictures: int,
    size: int = 128,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Draw images into FOLDER/FAMILY/00000.png ... and their factors into FOLDER/factors.npz.

    Args:
        folder: a new one; written whole or not at all.
        families: names in `patterns.FAMILIES`.
        pictures: how many of each.
        size: pixels along an edge.
        seed: the same seed gives the same images, however many are drawn.
        jobs: how many processes draw.
        progress: called with the images drawn and their total.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: there is no such family.
    """
    class_folders.check_names("family", families, patterns.FAMILIES)
    wanted = [(family, number) for family in families for number in range(pictures)]
    with class_folders.written(folder, wanted, draw, size, seed, jobs, progress) as part:
        np.savez(
            part / FILE,
            names=np.array(FACTORS),
            files=np.array([class_folders.file_name(family, number) for family, number in wanted]),
            values=np.array([factors(family, number, seed) for family, number in wanted]),
        )


def factors(family: str, number: int, seed: int) -> np.ndarray:
    """The factors of image `number` of a family: float32 [len(FACTORS)]."""
    return np.random.default_rng([seed, zlib.crc32(family.encode()), number]).standard_normal(len(FACTORS), np.float32)


def draw(family: str, number: int, size: int, seed: int) -> np.ndarray:
    """Image `number` of a family: uint8 [size, size, 3]."""
    return patterns.draw(family, factors(family, number, seed), size)
