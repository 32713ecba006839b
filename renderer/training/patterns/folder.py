"""Write patterns as a folder of class folders, and the factors of each image beside them."""

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core import checks
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
    every: int = 1,
) -> None:
    """Draw images into FOLDER/FAMILY/00000.png ... and their factors into FOLDER/factors.npz.

    Args:
        folder: a new one; written whole or not at all.
        families: names in `patterns.FAMILIES`; one that is there twice has twice as many images.
        pictures: how many of each.
        size: pixels along an edge.
        seed: the same seed gives the same images, however many are drawn.
        jobs: how many processes draw.
        progress: called with the images drawn and their total.
        every: of so many rows and columns of each image one is drawn, from others in each on, which the factors' file
            says: for `renderer.cips.training`, to which a few pixels of many images say more than all of a few.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: there is no such family, or `every` does not divide the size.
    """
    if size % every:
        raise checks.mismatch("every", f"divide the size, {size} pixels", every)
    class_folders.check_names("family", families, patterns.FAMILIES)
    wanted = class_folders.wanted(families, pictures)
    scattered: dict[str, Any] = {}
    if every > 1:
        firsts = np.array([first(family, number, seed, every) for family, number in wanted], np.int32)
        scattered = {"size": np.array(size), "every": np.array(every), "first": firsts}
    with class_folders.written(folder, wanted, partial(draw, every=every), size, seed, jobs, progress) as part:
        np.savez(
            part / FILE,
            names=np.array(FACTORS),
            files=np.array([class_folders.file_name(family, number) for family, number in wanted]),
            values=np.array([factors(family, number, seed) for family, number in wanted]),
            **scattered,
        )


def factors(family: str, number: int, seed: int) -> np.ndarray:
    """The factors of image `number` of a family: float32 [len(FACTORS)]."""
    return np.random.default_rng([seed, zlib.crc32(family.encode()), number]).standard_normal(len(FACTORS), np.float32)


def first(family: str, number: int, seed: int, every: int) -> tuple[int, int]:
    """The first row and column of image `number` of a family that are drawn, where each `every`-th is."""
    row, column = np.random.default_rng([seed, zlib.crc32(family.encode()), number, 1]).integers(every, size=2)
    return int(row), int(column)


def draw(family: str, number: int, size: int, seed: int, every: int = 1) -> np.ndarray:
    """Image `number` of a family, or every so many of its rows and columns: uint8 [size / every, size / every, 3]."""
    begin = first(family, number, seed, every) if every > 1 else (0, 0)
    return patterns.draw(family, factors(family, number, seed), size, every, begin)
