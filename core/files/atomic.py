"""Atomic files and folders: a reader finds all of one, the old one, or nothing; a failure leaves nothing behind.

Each is written beside its place under a temporary name, a hidden one with a random part, and then renamed.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_PART = ".part"


@contextmanager
def replacing(path: Path, *, sync: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write, which replaces `path` when the block ends without an error.

    Args:
        path: the file; its folder is created where it is missing.
        sync: wait until the disk has the data, so that the file survives a power cut too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part{path.suffix}")
    try:
        yield part
        if sync:
            sync_file(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes | memoryview, *, sync: bool = False) -> None:
    """Write a file, or replace it; see `replacing`.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path, sync=sync) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, or replace it.

    Raises:
        OSError: it cannot be written.
    """
    write_bytes(path, text.encode())


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill, which becomes `folder` when the block ends without an error.

    Raises:
        FileExistsError: `folder` exists and is not an empty folder.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileExistsError(f"{folder} exists already; name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.parent / f".{folder.name}-{secrets.token_hex(4)}.part"
    part.mkdir()
    try:
        yield part
        if folder.is_dir():
            folder.rmdir()
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextmanager
def new_files(folder: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    """Yield temporary paths to write in a folder, which get their `names` when the block ends without an error.

    The folder is created where it is missing, and removed again after an error.

    Raises:
        FileExistsError: one of the files exists already.
    """
    refuse_existing(folder, names)
    created = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    parts = [folder / f"{name}.part" for name in names]
    try:
        yield parts
        for part, name in zip(parts, names, strict=True):
            part.replace(folder / name)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        if created:
            folder.rmdir()
        raise


@contextmanager
def discarded_after_failure(folder: Path, worth_keeping: Callable[[], bool]) -> Iterator[None]:
    """Delete a folder that the block has created, and folders above it, if it ends with an error or Ctrl-C.

    Args:
        folder: the folder; one that exists before the block stays.
        worth_keeping: asked after an error; true: nothing is deleted.
    """
    created = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        yield
    except BaseException:
        if created and not worth_keeping():
            shutil.rmtree(folder, ignore_errors=True)
            for place in created[1:]:
                with suppress(OSError):
                    place.rmdir()
        raise


def refuse_existing(folder: Path, names: Sequence[str]) -> None:
    """Refuse a folder that has files of these names.

    Raises:
        FileExistsError: one of them exists already.
    """
    for name in names:
        if (folder / name).exists():
            raise FileExistsError(f"{folder / name} exists already; name another folder")


def check_folder(folder: Path) -> None:
    """Create a folder where it is missing, and check that files can be written in it; before long work.

    Raises:
        OSError: it cannot be created, or nothing can be written there.
    """
    try:
        _probe(folder)
    except OSError as error:
        raise OSError(f"nothing can be written in {folder}: {error.strerror or error}") from None


def check_writable(path: Path) -> None:
    """Check that a file can be written, or replaced, before the long work for it; its folder is created.

    Raises:
        OSError: it cannot; the message names it.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} cannot be written: it is a folder")
    try:
        _probe(path.parent)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}") from None


def _probe(folder: Path) -> None:
    """Create a folder where it is missing, and a file in it for a moment."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix=".", suffix=_PART, dir=folder):
        pass


def sync_file(path: Path) -> None:
    """Wait until the disk has a file's data."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
