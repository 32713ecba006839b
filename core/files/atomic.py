"""Files and folders that are there whole or not at all, and never in the place of others."""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill beside `folder`, which takes its place when the block ends well; else nothing is left.

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


def write_text(path: Path, text: str) -> None:
    """Write a file, or replace it whole: nobody ever reads half of it."""
    part = path.with_name(f".{path.name}-{secrets.token_hex(4)}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write, beside `path`, whose place it takes when the block ends well; else nothing is left of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def refuse(folder: Path, names: Sequence[str]) -> None:
    """Refuse a folder that has files of these names.

    Raises:
        FileExistsError: one of them exists already.
    """
    for name in names:
        if (folder / name).exists():
            raise FileExistsError(f"{folder / name} exists already; name another folder")


@contextmanager
def new_files(folder: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    """Paths to write in a folder, made if missing; they get `names` when the block ends well, else nothing is left.

    Raises:
        FileExistsError: one of them exists already.
    """
    refuse(folder, names)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    parts = [folder / f"{name}.part" for name in names]
    try:
        yield parts
        for part, name in zip(parts, names, strict=True):
            part.replace(folder / name)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        if made:
            folder.rmdir()
        raise
