"""Write images that are drawn as a folder of class folders, by several processes."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core import worker_pool
from core.files.atomic import new_folder

# Images per task of a worker process.
CHUNK = 8


def file_name(name: str, number: int) -> str:
    """The path of an image of a class in the folder."""
    return f"{name}/{number:05d}.png"


def check_names(kind: str, names: Sequence[str], known: Collection[str]) -> None:
    """Raise ValueError if a name is not a known one of its kind, such as "family"."""
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there is no {kind} {unknown[0]!r}; there are {', '.join(known)}")


def wanted(names: Sequence[str], pictures: int) -> list[tuple[str, int]]:
    """Classes and numbers of images, `pictures` for each time that a class is named, those of a class together."""
    return [(name, number) for name, times in Counter(names).items() for number in range(pictures * times)]


@contextmanager
def written(
    folder: Path,
    wanted: Sequence[tuple[str, int]],
    draw: Callable[[str, int, int, int], np.ndarray],
    size: int,
    seed: int,
    jobs: int,
    progress: Callable[[int, int], None],
) -> Iterator[Path]:
    """Draw images into FOLDER/NAME/00000.png ...; the folder appears, whole, when the context ends.

    Args:
        folder: a new one.
        wanted: classes and numbers of the images.
        draw: called with a class, a number, the size and the seed: uint8 [size, size, 3]. A function of a module.
        size: pixels along an edge.
        seed: of all images.
        jobs: how many processes draw.
        progress: called with the images drawn and their total.

    Yields:
        The folder under a temporary name.

    Raises:
        FileExistsError: the folder exists and is not empty.
    """
    chunks = [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]
    with new_folder(folder) as part:
        for name in dict.fromkeys(name for name, _ in wanted):
            (part / name).mkdir()
        calls = [(part, chunk, draw, size, seed) for chunk in chunks]
        for done, _ in enumerate(worker_pool.shared(_draw, calls, jobs), 1):
            progress(min(done * CHUNK, len(wanted)), len(wanted))
        yield part


def _draw(
    folder: Path,
    chunk: Sequence[tuple[str, int]],
    draw: Callable[[str, int, int, int], np.ndarray],
    size: int,
    seed: int,
) -> None:
    from PIL import Image

    for name, number in chunk:
        # Pictures are read more often than written, and hardly shrink further.
        Image.fromarray(draw(name, number, size, seed)).save(folder / file_name(name, number), compress_level=1)
