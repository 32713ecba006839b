"""Write drawings as a folder of class folders."""

from collections.abc import Callable, Sequence
from pathlib import Path

from renderer.training import class_folders, drawings


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
        names: in `drawings.DRAWINGS`; one that is there twice has twice as many images.
        pictures: how many of each.
        size: pixels along an edge.
        seed: the same seed gives the same images, however many are drawn.
        jobs: how many processes draw.
        progress: called with the images drawn and their total.

    Raises:
        FileExistsError: the folder exists and is not empty.
        ValueError: there is no such drawing.
    """
    class_folders.check_names("drawing", names, drawings.DRAWINGS)
    wanted = class_folders.wanted(names, pictures)
    with class_folders.written(folder, wanted, drawings.draw, size, seed, jobs, progress):
        pass
