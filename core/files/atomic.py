"""Atomic files and folders: a reader finds all of one, the old one, or nothing; a failure leaves nothing behind.

Each is written beside its place under a temporary name, a hidden one with a random part, and then renamed. The disk has
the data of a file before that, so that a power cut leaves the old file or the new one, too.
"""

import errno
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

_PART, _NEW, _OLD = ".part", ".new", ".old"
_TOKEN = "[0-9a-f]" * 8
# What `check_writable` writes: a disk may have room for a name and not for data.
_PROBE_BYTES = 4096
# A virus scanner, or Pd that loads a sound.
_PAUSES_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
# Errors of a whole disk or folder, which name no file by themselves.
_OF_A_DISK = {errno.ENOSPC, errno.EROFS, errno.EIO, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def naming(folder: Path, part: Path | None = None) -> Iterator[None]:
    """Name the folder in errors of a disk that is full or cannot be written.

    Args:
        folder: see above.
        part: a temporary folder, whose name says nothing to anybody: errors within it name the folder, too.

    Raises:
        OSError: the block has raised it.
    """
    try:
        yield
    except OSError as error:
        named = error.filename
        hidden = named is None or (part is not None and Path(os.fsdecode(named)).is_relative_to(part))
        if error.errno in _OF_A_DISK and hidden:
            raise OSError(error.errno, error.strerror, str(folder)) from None
        raise


@contextmanager
def _renamed(part: Path, path: Path) -> Iterator[None]:
    """Name the file, not its temporary name, in errors."""
    try:
        yield
    except OSError as error:
        if error.filename == str(part):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def _patiently(rename: Callable[[], object]) -> None:
    """Rename; on Windows again for a while, since nothing can take the place of a file that a program just reads.

    Raises:
        OSError: it cannot be renamed.
    """
    for pause_s in _PAUSES_S if sys.platform == "win32" else ():
        try:
            rename()
            return
        except PermissionError:
            time.sleep(pause_s)
    rename()


def _refuse_special(path: Path) -> None:
    """Refuse a device, a pipe or a folder: a file must not take its place.

    Raises:
        OSError: it is one.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is not a regular file")


def part_of(path: Path) -> Path:
    """A temporary name for a file, beside it: hidden, with a random part, and with its suffix."""
    return path.with_name(f".{path.stem}-{secrets.token_hex(4)}{_PART}{path.suffix}")


@contextmanager
def replacing(path: Path, *, sync: bool = True, private: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write, which replaces `path` when the block ends without an error.

    Args:
        path: the file; its folder is created where it is missing. A link stays one: what it leads to is replaced.
        sync: wait until the disk has the data; for files that need not survive a power cut, False is faster.
        private: only the owner may read the file, from its first byte on.

    Raises:
        OSError: it cannot be written; the message names the file, or the folder of a full disk.
    """
    path = Path(os.path.realpath(path))
    _refuse_special(path)
    part = part_of(path)
    with naming(path.parent), _renamed(part, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if private:
                os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield part
            if sync:
                sync_file(part)
            _patiently(lambda: part.replace(path))
        finally:
            part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes | memoryview, *, sync: bool = True, private: bool = False) -> None:
    """Write a file, or replace it; see `replacing`.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path, sync=sync, private=private) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Write a text file in UTF-8, or replace it; see `replacing`.

    Raises:
        OSError: it cannot be written.
    """
    write_bytes(path, text.encode(), private=private)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill, which becomes `folder` when the block ends without an error.

    Raises:
        FileExistsError: `folder` exists and is not an empty folder.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileExistsError(f"{folder} exists already; name a new folder")
    part = folder.parent / f".{folder.name}-{secrets.token_hex(4)}{_PART}"
    with naming(folder.parent, part):
        part.mkdir(parents=True)
        try:
            yield part
            for file in part.rglob("*"):
                if file.is_file():
                    sync_file(file)
            if folder.is_dir():
                folder.rmdir()
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill, which replaces `folder` when the block ends without an error.

    A kill at the worst moment leaves the old one under a hidden name; see `restore_folders`.

    Raises:
        OSError: it cannot be written.
    """
    suffix = secrets.token_hex(4)
    new, old = (folder.with_name(f".{folder.name}-{suffix}{ending}") for ending in (_NEW, _OLD))
    with new_folder(new) as part:
        yield part
    if folder.exists():
        _patiently(lambda: folder.rename(old))
    _patiently(lambda: new.rename(folder))
    shutil.rmtree(old, ignore_errors=True)


def restore_folders(root: Path) -> None:
    """Bring back folders in `root` whose replacement was killed, and delete what else of it is left."""
    for old in root.glob(f".*-{_TOKEN}{_OLD}"):
        folder = root / old.name[1 : -len(f"-{'x' * 8}{_OLD}")]
        with suppress(OSError):
            if not folder.exists():
                old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def new_files(folder: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    """Yield temporary paths to write in a folder, which get their `names` when the block ends without an error.

    The folder is created where it is missing, and removed again after an error.

    Raises:
        FileExistsError: one of the files exists already.
    """
    refuse_existing(folder, names)
    created = not folder.exists()
    parts = [part_of(folder / name) for name in names]
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield parts
            for part in parts:
                sync_file(part)
            for part, name in zip(parts, names, strict=True):
                _patiently(partial(part.replace, folder / name))
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
    with tempfile.NamedTemporaryFile(prefix=".", suffix=_PART, dir=folder) as file:
        file.write(bytes(_PROBE_BYTES))
        file.flush()


def set_aside(path: Path, suffix: str) -> Path:
    """Rename a file to NAME.SUFFIX, or NAME.SUFFIX-2 and so on: nothing that was set aside before is overwritten.

    Args:
        path: the file; where it is a link, what it leads to is renamed.
        suffix: with its dot.

    Returns:
        Its new path.

    Raises:
        OSError: it cannot be renamed, or is a device or something else that is not a file.
    """
    path = Path(os.path.realpath(path))
    _refuse_special(path)
    aside, number = path.with_name(path.name + suffix), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{suffix}-{number}")
    return path.rename(aside)


def sync_file(path: Path) -> None:
    """Wait until the disk has a file's data."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
