"""Read regular files only: a pipe or a device under a file's name would block its reader or fill the memory."""

import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

# No text that people write, nor a list of notes, is longer.
MOST_TEXT = 1 << 28
# Git LFS puts such a text file in the place of a large file that it has not fetched.
_GIT_LFS, _LONGEST_POINTER = b"version https://git-lfs", 1024


def open_regular(path: Path, pointers: bool = False) -> BinaryIO:
    """Open a file for reading bytes; a link to a regular file is followed.

    Args:
        path: the file.
        pointers: whether a pointer of Git LFS is opened as any file.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is a folder, a pipe, a socket or a device, or only stands for a file (Git LFS).
    """
    # Opening a pipe would otherwise wait for its writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no {path}") from None
    except OSError as error:
        if path.exists() and not path.is_file():
            raise ValueError(f"{path} is not a regular file") from None
        raise error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError(f"{path} is not a regular file")
    file = os.fdopen(descriptor, "rb")
    try:
        if not pointers:
            refuse_pointer(file)
    except ValueError as error:
        file.close()
        raise ValueError(f"{path}: {error}; git lfs pull fetches it") from None
    except OSError as error:
        file.close()
        raise OSError(error.errno, error.strerror, str(path)) from None
    return file


def refuse_pointer(file: BinaryIO) -> None:
    """Refuse an open file that only stands for another one.

    Raises:
        ValueError: it is a pointer of Git LFS.
    """
    if os.fstat(file.fileno()).st_size < _LONGEST_POINTER:
        start = file.read(len(_GIT_LFS))
        file.seek(0)
        if start == _GIT_LFS:
            raise ValueError("the file is a Git LFS pointer, not the file itself")


def check_regular(path: Path) -> None:
    """Check a file before a library opens it by its name.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is a folder, a pipe, a socket or a device.
    """
    open_regular(path).close()


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, of at most MOST_TEXT bytes.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a regular file, is larger, or is not UTF-8.
    """
    return read_regular(path, MOST_TEXT).decode("utf-8-sig")


def read_regular(path: Path, max_size: int) -> bytes:
    """The content of a file of at most `max_size` bytes.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a regular file, or it is larger.
    """
    with open_regular(path) as file:
        if (size := os.fstat(file.fileno()).st_size) > max_size:
            raise ValueError(f"{path} has {size} bytes, more than {max_size}")
        return file.read(size)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, hexadecimal; raises as `open_regular`."""
    found = hashlib.sha256()
    with open_regular(path) as file:
        while part := file.read(2**20):
            found.update(part)
    return found.hexdigest()
