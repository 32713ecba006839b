"""Write drawings as a folder of class folders."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from core.files.atomic import new_folder
from renderer.training import drawings

# Images per task of a worker process.
CHUNK = 8


def write(
    folder: Path,
    names: Sequence[str],
    pictures: int,
    size: int = 256,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Draw images into FOLDER/NAME/00000.png ...

    Args:
        folder: a new one; written whole or not at all.
        names: in `drawings.DRAWINGS`.
        pictures: how many of each.
        size: pixels along an edge.
        seed: the same seed gives the same images, however many are drawn.
        jobs: how many processes draw.
        progress: called with the images drawn and their total.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: there is no such drawing.
    """
    if unknown := [name for name in names if name not in drawings.DRAWINGS]:
        raise ValueError(f"there is no drawing {unknown[0]!r}; there are {', '.join(drawings.DRAWINGS)}")
    wanted = [(name, number) for number in range(pictures) for name in names]
    chunks = [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]
    with new_folder(folder) as part, ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for name in names:
            (part / name).mkdir()
        drawn = pool.map(_draw, itertools.repeat(part), chunks, itertools.repeat(size), itertools.repeat(seed))
        for done, _ in enumerate(drawn, 1):
            progress(min(done * CHUNK, len(wanted)), len(wanted))


def _draw(folder: Path, chunk: Sequence[tuple[str, int]], size: int, seed: int) -> None:
    from PIL import Image

    for name, number in chunk:
        picture = drawings.draw(name, number, size, seed)
        Image.fromarray(picture).save(folder / name / f"{number:05d}.png", compress_level=1)
