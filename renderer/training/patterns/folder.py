"""Write patterns as a folder of class folders, and the factors of each image beside them."""

import itertools
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from core.files.atomic import new_folder
from renderer.training import patterns
from renderer.training.patterns.canvas import FACTORS

FILE = "factors.npz"
# Images per task of a worker process.
CHUNK = 16


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
    if unknown := [family for family in families if family not in patterns.FAMILIES]:
        raise ValueError(f"there is no family {unknown[0]!r}; there are {', '.join(patterns.FAMILIES)}")
    wanted = [(family, number) for family in families for number in range(pictures)]
    chunks = [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]
    with new_folder(folder) as part, ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for family in families:
            (part / family).mkdir()
        drawn = pool.map(_draw, itertools.repeat(part), chunks, itertools.repeat(size), itertools.repeat(seed))
        for done, _ in enumerate(drawn, 1):
            progress(min(done * CHUNK, len(wanted)), len(wanted))
        np.savez(
            part / FILE,
            names=np.array(FACTORS),
            files=np.array([name(family, number) for family, number in wanted]),
            values=np.array([factors(family, number, seed) for family, number in wanted]),
        )


def name(family: str, number: int) -> str:
    """The path of an image in the folder."""
    return f"{family}/{number:05d}.png"


def factors(family: str, number: int, seed: int) -> np.ndarray:
    """The factors of image `number` of a family: float32 [len(FACTORS)]."""
    return np.random.default_rng([seed, zlib.crc32(family.encode()), number]).standard_normal(len(FACTORS), np.float32)


def _draw(folder: Path, chunk: Sequence[tuple[str, int]], size: int, seed: int) -> None:
    from PIL import Image

    for family, number in chunk:
        picture = patterns.draw(family, factors(family, number, seed), size)
        Image.fromarray(picture).save(folder / name(family, number))
