"""numpy's files, .npy and .npz, read without pickles, and in no more memory than their own size justifies.

Source: numpy/lib/format.py. numpy's own reader trusts the sizes that a file states.
"""

import contextlib
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from core.files.regular import check_regular, open_regular

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_SUFFIX, _MAGIC = ".npy", b"\x93NUMPY"
_CHUNK = 2**20
# What an archive may unpack to: this many bytes, and this many times its own size.
_ALWAYS, _TIMES = 2**26, 16


class NpzReader(Mapping[str, np.ndarray]):
    """The arrays of an .npz archive, each read when it is asked for; to be used in a `with` block.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a regular file, is damaged, or unpacks to far more than its size. An array that is asked
            for raises it too. Messages do not name the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = open_regular(path)
        try:
            with _one_error():
                self._archive = zipfile.ZipFile(self._file)
                entries = self._archive.infolist()
            self._entries = {entry.filename.removesuffix(_SUFFIX): entry for entry in entries}
            self._check(os.fstat(self._file.fileno()).st_size)
        except ValueError:
            self._file.close()
            raise

    def __enter__(self) -> "NpzReader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._archive.close()
        self._file.close()

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._entries:
            raise ValueError(f"it has no array named {name}")
        entry = self._entries[name]
        with _one_error(f"its array {name} is damaged: "), self._archive.open(entry) as member:
            return _read_array(member, entry.file_size)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _check(self, size: int) -> None:
        entries = self._entries.values()
        if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
            raise ValueError("it is compressed in a way that numpy's files are not")
        if (unpacked := sum(entry.file_size for entry in entries)) > _ALWAYS + _TIMES * size:
            raise ValueError(f"it unpacks to {unpacked} bytes, too many for an archive of {size}")


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz archive; see `NpzReader`."""
    with NpzReader(path) as archive:
        return dict(archive)


def read_npy(path: Path) -> np.ndarray:
    """The array of an .npy file.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a regular file, or it is damaged. Messages do not name the file.
    """
    with open_regular(path) as file, _one_error():
        return _read_array(file, os.fstat(file.fileno()).st_size)


def map_npy(path: Path) -> np.ndarray:
    """The array of an .npy file, whose numbers are read as they are used; errors are those of `read_npy`."""
    check_regular(path)
    with _one_error():
        found = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(found, np.ndarray):
            raise ValueError("it is an archive, not an .npy file")
    return found


@contextlib.contextmanager
def _one_error(prefix: str = "") -> Iterator[None]:
    """Turn whatever a damaged file can raise into a ValueError."""
    try:
        yield
    except Exception as error:  # zipfile, zlib and numpy raise nearly anything
        raise ValueError(prefix + str(error).partition("\n")[0]) from None


def _read_array(file: IO[bytes], size: int) -> np.ndarray:
    """An array, for which no more memory is taken than the `size` bytes of the file that holds it."""
    start = file.read(len(_MAGIC) + 2)
    if start[:-2] != _MAGIC:
        raise ValueError("it does not begin as an .npy file does")
    version = start[-2], start[-1]
    if version not in _HEADERS:
        raise ValueError(f"version {version} of the format is not supported")
    shape, fortran, dtype = _HEADERS[version](file)
    if dtype.kind not in "biufcSU":
        raise ValueError(f"it holds {dtype}, not numbers or text")
    count = math.prod(shape) * dtype.itemsize
    if count != size - file.tell():
        raise ValueError(f"its shape is {list(shape)}, which does not fit its {size} bytes")
    content = bytearray(count)
    place = 0
    while place < count:
        part = file.read(min(_CHUNK, count - place))
        if not part:
            raise ValueError("it ends early")
        content[place : place + len(part)] = part
        place += len(part)
    return np.ndarray(shape, dtype, content, order="F" if fortran else "C")
