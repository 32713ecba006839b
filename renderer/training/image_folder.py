"""Read a folder of class folders as arrays: images cropped to a square and scaled, their classes and factors.

If the folder has a factors.npz (see patterns/folder.py), each image's latent is known from the start.
"""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from core import checks, pictures
from core.formats.npz import NpzReader
from core.progress import Progress
from renderer.training import decoded_images
from renderer.training.patterns.folder import FILE as FACTORS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scatter:
    """Of which pictures the images are some pixels.

    Attributes:
        size: of the pictures, pixels along an edge.
        every: of so many of their rows and columns one is there.
        first: row and column of each picture with which that begins, int [n, 2].
    """

    size: int
    every: int
    first: np.ndarray


@dataclass(frozen=True)
class LabelledImages:
    """`images`: uint8 [n, size, size, 3]; `labels`: [n], indices into `classes`; `factors`: [n, known] or None.

    `scatter`: None where the images are whole.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    factors: np.ndarray | None = None
    scatter: Scatter | None = None

    @property
    def size(self) -> int:
        """Pixels along an edge."""
        return int(self.images.shape[1])

    @cached_property
    def _smaller(self) -> dict[int, np.ndarray]:
        return {self.size: self.images}

    def at(self, size: int) -> np.ndarray:
        """All images at a smaller size: uint8 [n, size, size, 3]; means over boxes, computed once."""
        if size not in self._smaller:
            large = self.at(2 * size)
            quarters = [large[:, i::2, j::2].astype(np.uint16) for i in (0, 1) for j in (0, 1)]
            self._smaller[size] = ((sum(quarters[1:], quarters[0]) + 2) // 4).astype(np.uint8)
        return self._smaller[size]

    def resized(self, size: int) -> "LabelledImages":
        """The same at a smaller size."""
        return replace(self, images=self.at(size))


def read(
    folder: Path,
    size: int,
    skip_bad: bool = False,
    progress: Progress = lambda done, total: None,
    classless: bool = False,
    scattered: bool = False,
) -> LabelledImages:
    """Read all images of a folder of class folders; they are kept in a hidden folder in it, for the next time.

    Args:
        folder: FOLDER/CLASS/IMAGE; classes are numbered in the order of their names.
        size: pixels along an edge; the middle square of each image is scaled to it.
        skip_bad: log and leave out files that cannot be read.
        progress: called with the images read and their total.
        classless: whether the folder may hold images itself, which then are of one class without a name.
        scattered: whether the images may be pixels here and there of larger ones; see `Scatter`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there is no class folder, a class has no image, or a file cannot be read.
    """
    if not scattered and (found_scatter := scatter(folder)):
        whole = f"each is only every {found_scatter.every}th row and column of a picture; cips_train learns from these"
        raise ValueError(f"the images in {folder} are not whole: {whole}")
    found = _files(folder, classless)
    paths = [path for several in found.values() for path in several]
    labels = np.repeat(np.arange(len(found), dtype=np.int32), [len(several) for several in found.values()])
    read_all = partial(_read_all, paths, size, skip_bad, progress)
    images, kept = decoded_images.kept(folder, paths, size, read_all, complete=not skip_bad)
    if missing := [name for label, name in enumerate(found) if label not in labels[kept]]:
        raise ValueError(f"{folder / missing[0]} has no image that can be read")
    names = [path.relative_to(folder).as_posix() for path in np.array(paths, object)[kept]]
    known = _read_factors(folder / FACTORS, names)
    return LabelledImages(images, labels[kept], tuple(found), *known)


def scatter(folder: Path) -> Scatter | None:
    """Of which pictures the images of a folder are some pixels, in the order of its factors.npz; None: they are whole.

    Raises:
        ValueError: that file cannot be read.
    """
    path = folder / FACTORS
    return _read_known(path)[2] if path.exists() else None


def factor_names(folder: Path) -> tuple[str, ...]:
    """The names of the factors that the images of a folder were drawn from; numbers where its factors.npz has none.

    Raises:
        FileNotFoundError: there is no factors.npz.
        ValueError: it cannot be read, or has more or fewer names than factors, or one of them twice.
    """
    path = folder / FACTORS
    count = _read_known(path)[1].shape[1]
    with NpzReader(path) as file:
        names = tuple(str(name) for name in file["names"]) if "names" in set(file) else ()
    if names and (len(names) != count or len(set(names)) != count):
        raise ValueError(f"{path} must have {count} different names, one for each factor, not {len(set(names))}")
    return names or tuple(f"factor {number}" for number in range(1, count + 1))


def _read_all(paths: list[Path], size: int, skip_bad: bool, progress: Progress) -> Iterator[np.ndarray | None]:
    """The images, several at a time; None for a bad one."""
    # Decoding releases the interpreter's lock, so threads use all cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, image in enumerate(pool.map(lambda path: _read_one(path, size, skip_bad), paths), 1):
            progress(done, len(paths))
            yield image


def _read_one(path: Path, size: int, skip_bad: bool) -> np.ndarray | None:
    """An image, uint8 [size, size, 3]; None where it is bad and may be skipped."""
    try:
        return _square(path, size)
    except (OSError, ValueError) as error:
        if not skip_bad:
            message = f"{path} cannot be read as an image ({error}); --skip_bad leaves out such files"
            raise ValueError(message) from None
        log.warning("%s is left out: %s", path, error)
        return None


def _files(folder: Path, classless: bool) -> dict[str, list[Path]]:
    """The images of each class folder, in the order of their names."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder; name one that has a folder of images for each class")
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not classes and classless and (own := pictures.find(folder)):
        return {"": own}
    if not classes:
        also = "images, or " if classless else ""
        raise ValueError(f"{folder} has no class folders; it needs {also}a folder of images for each class")
    found = {path.name: pictures.find(path) for path in classes}
    if empty := [name for name, paths in found.items() if not paths]:
        raise ValueError(f"{folder / empty[0]} has no images; they may be {', '.join(pictures.SUFFIXES)}")
    return found


def _square(path: Path, size: int) -> np.ndarray:
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.fit(pictures.read(path), (size, size), Image.Resampling.LANCZOS))


def _read_factors(path: Path, names: list[str]) -> tuple[np.ndarray | None, Scatter | None]:
    """The factors of these images, [n, known], None where there is no file; and of what they are some pixels.

    Raises:
        ValueError: an image is not in the file, or the file does not hold numbers.
    """
    if not path.exists():
        return None, None
    files, values, scatter = _read_known(path)
    rows = {name: row for row, name in enumerate(files)}
    if unknown := [name for name in names if name not in rows]:
        raise ValueError(f"{path} has no factors of {unknown[0]}; remove the file to have latents learned instead")
    order = [rows[name] for name in names]
    return values[order], scatter and replace(scatter, first=scatter.first[order])


def _read_known(path: Path) -> tuple[list[str], np.ndarray, Scatter | None]:
    """What a factors.npz has: files, a row of factors for each, and of what they are some pixels.

    Raises:
        ValueError: it cannot be read, or breaks a rule.
    """
    try:
        with NpzReader(path) as file:
            files, values = [str(name) for name in file["files"]], np.asarray(file["values"], np.float32)
            scattered = {name: file[name] for name in ("size", "every", "first")} if "every" in set(file) else None
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if values.ndim != 2 or values.shape[0] != len(files) or not values.shape[1] or not np.isfinite(values).all():
        raise ValueError(f"{path} must have a row of finite numbers for each of its {len(files)} files")
    return files, values, None if scattered is None else _scatter(path, len(files), **scattered)


def _scatter(path: Path, count: int, size: np.ndarray, every: np.ndarray, first: np.ndarray) -> Scatter:
    """Check what a factors.npz says of the pixels that are there.

    Raises:
        ValueError: it breaks a rule.
    """
    for name, value in (("size", size), ("every", every)):
        if value.shape or value.dtype.kind not in "iu" or value < 1:
            raise ValueError(f"{name} in {path} must be a whole number of at least 1, not {value.tolist()!r:.40}")
    if size % every:
        raise checks.mismatch(f"every in {path}", f"divide size, {size}", int(every))
    if first.shape != (count, 2) or first.dtype.kind not in "iu" or first.min() < 0 or first.max() >= every:
        raise ValueError(f"first in {path} must have a row and a column below {every} for each of its {count} files")
    return Scatter(int(size), int(every), first.astype(np.int32))
