"""The pictures of a folder as one array, kept in a hidden folder in it, so that only the first start decodes them."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from core.files.atomic import new_folder

log = logging.getLogger(__name__)
VERSION = 1
IMAGES, KEPT = "images.npy", "kept.npy"


def kept(
    folder: Path, paths: Sequence[Path], size: int, read_all: Callable[[], Iterable[np.ndarray | None]], complete: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The images of a folder from its hidden folder, or read and put there.

    Where the folder cannot be written to they are only read.

    Args:
        folder: of the images.
        paths: of the images, in order; their names, sizes and times decide whether what was kept is still right.
        size: pixels along an edge.
        read_all: reads them, uint8 [size, size, 3] each; None for one that is left out.
        complete: what was kept counts only if no image is left out.

    Returns:
        Images, uint8 [n, size, size, 3], and the positions in `paths` that they have, int [n].
    """
    hidden = folder / f".pixels-{size}-{_key(folder, paths, size)}"
    if (hidden / KEPT).exists() and (len(places := np.load(hidden / KEPT)) == len(paths) or not complete):
        return np.load(hidden / IMAGES, mmap_mode="r"), places
    read = [(place, image) for place, image in enumerate(read_all()) if image is not None]
    images = np.stack([image for _, image in read]) if read else np.zeros((0, size, size, 3), np.uint8)
    places = np.array([place for place, _ in read], np.int64)
    try:
        with new_folder(hidden) as part:
            np.save(part / IMAGES, images)
            np.save(part / KEPT, places)
    except OSError as error:
        log.info("the decoded images cannot be kept in %s: %s", hidden, error)
    return images, places


def _key(folder: Path, paths: Sequence[Path], size: int) -> str:
    stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in paths]
    facts = [VERSION, size, [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
