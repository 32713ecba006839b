"""Archives from strangers, zip or tar: nothing reaches outside of a folder, and sizes are counted, not believed."""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

MAX_BYTES = 8 << 30
MAX_FILES = 10_000
_CHUNK = 1 << 20
# A header of a tar file is read at once, however long it says that it is.
_LONGEST_READ = 16 << 20
_GZIP = b"\x1f\x8b"
_SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
Opened = Callable[[], IO[bytes]]


def stem(name: str) -> str:
    """An archive's name without its suffix, which may have two parts."""
    found = next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), "")
    return name.removesuffix(name[len(name) - len(found) :])


def unpack(archive: Path, room: Path) -> None:
    """Unpack an archive into a new folder; links of a zip come out as plain files, a tar with links is refused.

    Raises:
        ValueError: it is no archive or broken, a name reaches outside or comes twice, or there is too much of it.
    """
    files = _zip_files if zipfile.is_zipfile(archive) else _tar_files
    try:
        _write(files(archive), room)
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile) as error:
        raise ValueError(f"{archive.name} is no zip file and no tar file: {error}") from None
    except (NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise ValueError(f"{archive.name} cannot be unpacked: {error}") from None


def _zip_files(archive: Path) -> Iterator[tuple[str, Opened | None]]:
    """Names and files of an archive; None for a folder."""
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            yield member.filename, None if member.is_dir() else lambda one=member: file.open(one)  # type: ignore[misc]


def _tar_files(archive: Path) -> Iterator[tuple[str, Opened | None]]:
    with _plain(archive) as plain, tarfile.open(fileobj=_Patient(plain), mode="r:") as file:  # type: ignore[call-overload]
        for member in file:
            if not (member.isdir() or member.isreg()):
                raise ValueError(f"{member.name!r} in the archive is neither a plain file nor a folder")
            yield member.name, None if member.isdir() else lambda one=member: file.extractfile(one)  # type: ignore[misc]


@contextmanager
def _plain(archive: Path) -> Iterator[Any]:
    with archive.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if packed:
            with gzip.open(file) as unpacked:
                yield unpacked
        else:
            yield file


class _Patient:
    """A file that is never read in pieces of any size."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """As a file's."""
        if not 0 <= size <= _LONGEST_READ:
            raise ValueError("the archive has a header of a length that none needs")
        data: bytes = self._file.read(size)
        return data


def _write(files: Iterator[tuple[str, Opened | None]], room: Path) -> None:
    room.mkdir(parents=True)
    root, left = room.resolve(), MAX_BYTES
    for count, (name, opened) in enumerate(files, 1):
        if count > MAX_FILES:
            raise ValueError(f"more than {MAX_FILES} files are too many for a model")
        path = (room / name).resolve()
        if not path.is_relative_to(root):
            raise ValueError(f"the archive reaches outside of its folder: {name!r}")
        if opened is None:
            continue
        if path == root or path.exists():
            raise ValueError(f"the archive holds {name!r} twice, or as a folder too")
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened() as source, path.open("xb") as sink:
            left = pump(source.read, sink.write, left)


def pump(read: Callable[[int], bytes], write: Callable[[bytes], object], left: int) -> int:
    """Copy all there is, in pieces; returns how much may still come.

    Raises:
        ValueError: more than `left` bytes come.
    """
    while data := read(_CHUNK):
        left -= len(data)
        if left < 0:
            raise ValueError(f"more than {MAX_BYTES >> 30} GB are too much for a model")
        write(data)
    return left
