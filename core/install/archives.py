"""Unpack untrusted zip and tar archives: nothing is written outside the folder, and sizes are counted as they come.

Zips made on Windows may have backslashes between folders; macOS adds files of its own, which are left out.
"""

import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core.files import unreadable
from core.files.regular import check_regular

MAX_BYTES = 8 << 30
MAX_FILES = 10_000
# Weights hardly shrink. So much more than the archive has may come out of it, however large it says that it is.
_MOST_GROWTH, _ALWAYS_BYTES = 100, 256 << 20
# Folders in each other, and bytes of each name: the systems' own limits, or less.
_MOST_PARTS, LONGEST_NAME = 32, 240
_CHUNK = 1 << 20
# tarfile reads a header in one piece, of whatever length the archive claims; a longer one than this is refused.
_LONGEST_READ = 16 << 20
_GZIP = b"\x1f\x8b"
_TAR_MARK_AT, _TAR_MARK = 257, b"ustar"
_OTHER_KINDS = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
}
_ENCRYPTED = 1
_SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
# What macOS adds to an archive: resource forks, in a folder or beside each file, and the Finder's settings.
MACOS_FOLDER = "__MACOSX"
_MACOS_PREFIX, _MACOS_SETTINGS = "._", ".DS_Store"
_BROKEN = (
    NotImplementedError,
    RuntimeError,
    EOFError,
    OverflowError,
    UnicodeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
Opened = Callable[[], IO[bytes]]


def stem(name: str) -> str:
    """An archive's name without its suffix; ".tar.gz" counts as one suffix."""
    found = next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), "")
    return name.removesuffix(name[len(name) - len(found) :])


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into a new folder.

    No link is ever created: a link in a zip becomes a small text file with its target, a tar with links is refused.

    Raises:
        ValueError: the file is not an archive or is broken, a name in it leads outside, comes twice or is too long, or
            it is too large.
    """
    check_regular(archive)
    # A tar may end with a zip.
    files = _zip_files if zipfile.is_zipfile(archive) and not _is_tar(archive) else _tar_files
    most = min(MAX_BYTES, _ALWAYS_BYTES + _MOST_GROWTH * archive.stat().st_size)
    try:
        _write(files(archive), folder, most)
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile) as error:
        raise ValueError(f"{archive.name} is not a zip file or a tar file: {_reason(archive, error)}") from None
    except _BROKEN as error:
        raise ValueError(f"{archive.name} cannot be unpacked: {error}") from None
    except OSError as error:
        # What decompresses bzip2 has errors without a number.
        if error.errno is not None:
            raise
        raise ValueError(f"{archive.name} cannot be unpacked: {error}") from None


def _is_tar(archive: Path) -> bool:
    with archive.open("rb") as file:
        file.seek(_TAR_MARK_AT)
        return file.read(len(_TAR_MARK)) == _TAR_MARK


def _reason(archive: Path, error: Exception) -> str:
    """Why an archive cannot be read, in a musician's words where its beginning tells."""
    with archive.open("rb") as file:
        start = file.read(_CHUNK)
    for mark, kind in _OTHER_KINDS.items():
        if start.startswith(mark):
            return f"it is {kind}; unpack it, and add the folder"
    if start.startswith(b"PK"):
        return "it breaks off, or is damaged"
    return unreadable.reason(archive, str(error))


def _zip_files(archive: Path) -> Iterator[tuple[str, Opened | None]]:
    """Each member's name and what opens it; None for a folder."""
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            if member.flag_bits & _ENCRYPTED:
                raise ValueError(f"{archive.name} is encrypted; unpack it, and add the folder")
            name = member.filename.replace("\\", "/")
            yield name, None if name.endswith("/") else lambda one=member: file.open(one)  # type: ignore[misc]


def _tar_files(archive: Path) -> Iterator[tuple[str, Opened | None]]:
    with _plain(archive) as plain, tarfile.open(fileobj=_BoundedReads(plain), mode="r:") as file:  # type: ignore[call-overload]
        for member in _members(file):
            # Sparse files have holes, of any size.
            if member.issparse() or not (member.isdir() or member.isreg()):
                raise ValueError(f"{member.name!r} in the archive is neither a plain file nor a folder")
            yield member.name, None if member.isdir() else lambda one=member: file.extractfile(one)  # type: ignore[misc]


def _members(file: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members of a tar; a number in a header that is none breaks it, as any other fault."""
    members = iter(file)
    while True:
        try:
            member = next(members, None)
        except ValueError as error:
            raise tarfile.ReadError(str(error)) from None
        if member is None:
            return
        yield member


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


class _BoundedReads:
    """A file that refuses to be read in pieces larger than _LONGEST_READ, so that no header can fill the memory."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """Read `size` bytes, or fewer at the end.

        Raises:
            ValueError: that is more than a header needs.
        """
        if not 0 <= size <= _LONGEST_READ:
            raise ValueError(f"the archive has a header of {size} bytes; at most {_LONGEST_READ} are read")
        data: bytes = self._file.read(size)
        return data


def _write(files: Iterator[tuple[str, Opened | None]], folder: Path, left: int) -> None:
    folder.mkdir(parents=True)
    root = folder.resolve()
    for count, (name, opened) in enumerate(files, 1):
        if count > MAX_FILES:
            raise ValueError(f"more than {MAX_FILES} files are too many for a model")
        path = _place(root, name)
        if opened is None or _is_of_macos(name):
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            sink = path.open("xb")
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise ValueError(f"the archive has {name!r} twice, or as a folder as well") from None
        with sink, opened() as source:
            left = copy(source.read, sink.write, left)


def _place(root: Path, name: str) -> Path:
    """Where a member goes.

    Raises:
        ValueError: outside the folder, or its name is too long for some systems.
    """
    parts = PurePosixPath(name).parts
    if len(parts) > _MOST_PARTS or any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in parts):
        rule = f"at most {_MOST_PARTS} folders in each other, and {LONGEST_NAME} bytes for each name"
        raise ValueError(f"the archive has a name that is too long ({rule}): {name[:60]!r}...")
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"the archive reaches outside its folder: {name!r}")
    return path


def _is_of_macos(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return MACOS_FOLDER in parts or parts[-1:] == (_MACOS_SETTINGS,) or any(p.startswith(_MACOS_PREFIX) for p in parts)


def copy(read: Callable[[int], bytes], write: Callable[[bytes], object], left: int) -> int:
    """Copy everything, in pieces; returns how many of the `left` bytes remain.

    Raises:
        ValueError: there are more than `left` bytes.
    """
    while data := read(_CHUNK):
        left -= len(data)
        if left < 0:
            raise ValueError(f"too much for a model: more than {MAX_BYTES >> 30} GB, or far more than its archive has")
        write(data)
    return left
