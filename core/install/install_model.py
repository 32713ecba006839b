"""`hallu models add`: check a model from a folder, an archive or the web, then install it in one step."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core import families
from core.families import Found
from core.files import atomic, regular
from core.files.locks import try_lock
from core.files.plain_names import refuse_device
from core.files.regular import open_regular
from core.install import archives, checksums, downloads
from core.progress import Progress, ignore

_ADDING, _LOCK = ".adding-", "lock"
_WITHOUT_LOCK_S = 60.0


def add(
    source: str, models: Path, name: str | None = None, progress: Progress = ignore, sha256: str | None = None
) -> Path:
    """Install a model in the folder of its family in a models folder.

    Args:
        source: a known name, an http(s) address, or the path of a folder, an archive, or a file that is a model by
            itself.
        models: the models folder.
        name: of the installed model; None: that of the folder in which it comes.
        progress: counts the bytes of a download.
        sha256: that the file must have, hexadecimal; None: any.

    Returns:
        Its new folder.

    Raises:
        FileNotFoundError: there is nothing at `source`, or no model in it.
        FileExistsError: a model of this name is already installed.
        ValueError: the archive is broken, too large or leads outside its folder; its checksum is another one; or the
            model cannot be used.
        OSError: the download fails or the disk is full.
    """
    with _scratch(models) as scratch:
        model = _fetch(source, scratch, progress, sha256)
        _check(model)
        folder = models / model.family.folder / _checked(name or model.name)
        if folder.exists():
            raise FileExistsError(f"{folder} is there already; remove it first to replace it, or choose a --name")
        folder.parent.mkdir(exist_ok=True)
        model.folder.rename(folder)
    return folder


def clean(models: Path) -> None:
    """Delete what additions that were killed have left in a models folder; those at work are left alone."""
    for folder in models.glob(f"{_ADDING}*") if models.is_dir() else ():
        with suppress(OSError):
            if not folder.is_symlink() and folder.is_dir() and _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_dead(folder: Path) -> bool:
    """Whether nobody holds the lock of a scratch folder, or there has been none for some time."""
    path = folder / _LOCK
    if not path.exists():
        return time.time() - folder.stat().st_mtime > _WITHOUT_LOCK_S
    with path.open("rb+") as file:
        return try_lock(file.fileno())


@contextmanager
def _scratch(models: Path) -> Iterator[Path]:
    """A folder in the models folder, so that the last step is one rename; locked while somebody works in it."""
    with atomic.naming(models):
        models.mkdir(parents=True, exist_ok=True)
        clean(models)
        with (
            tempfile.TemporaryDirectory(prefix=_ADDING, dir=models) as folder,
            (Path(folder) / _LOCK).open("wb") as file,
        ):
            with suppress(OSError):
                # Where there are no locks, another addition would take this folder for one of a killed process.
                try_lock(file.fileno())
            inner = Path(folder) / "model"
            inner.mkdir()
            yield inner


def _check(model: Found) -> None:
    """Check a model; errors name its files from its own folder on, which is not in the scratch folder for long."""
    try:
        model.family.check(model.folder)
    except (FileNotFoundError, ValueError) as error:
        raise type(error)(str(error).replace(f"{model.folder.parent}{os.sep}", "")) from None


def _checked(name: str) -> str:
    if name.startswith(".") or Path(name).name != name or "\\" in name:
        raise ValueError(f"a model's name must be that of a folder, not {name!r:.80}")
    if not name.isprintable():
        # Such as a terminal's commands, in the name of a folder in an archive.
        raise ValueError(f"a model's name must have letters and signs that can be seen, not {name!r:.80}; use --name")
    if len(name.encode()) > archives.LONGEST_NAME:
        raise ValueError(f"a model's name can have at most {archives.LONGEST_NAME} bytes, not {len(name.encode())}")
    refuse_device("a model", name)
    return name


def _fetch(source: str, scratch: Path, progress: Progress, sha256: str | None) -> Found:
    """The model, in a scratch folder of its own."""
    path = Path(source).expanduser()
    fetched = path if path.is_dir() or path.is_file() else downloads.fetch(source, scratch, progress)
    if sha256 is not None:
        _compare(fetched, sha256, source)
    if path.is_dir():
        model = find_model(path.resolve())
        return Found(model.family, _copied(model.folder, scratch / "copied" / model.name))
    if fetched.is_dir():
        return find_model(fetched)
    # An archive without a folder of its own gives the model its name.
    if fetched.suffix in {suffix for family in families.families() for suffix in family.suffixes}:
        folder = scratch / "single" / fetched.stem
        folder.mkdir(parents=True)
        shutil.copy(fetched, folder)
        return find_model(folder)
    folder = scratch / "unpacked" / archives.stem(fetched.name)
    archives.unpack(fetched, folder)
    return find_model(folder)


def _compare(path: Path, wanted: str, source: str) -> None:
    """Compare the checksum of what was named with the one that its user knows."""
    if path.is_dir():
        raise ValueError(f"{source} is a folder; only a file has a SHA-256")
    if (found := regular.sha256(path)) != checksums.checked_sha256(wanted):
        raise ValueError(f"{source} is another file than you expect: its SHA-256 is {found}, not {wanted.lower()}")


def _copied(folder: Path, to: Path) -> Path:
    """Copy a model's folder, whose files may be links.

    Raises:
        ValueError: there is something in it that is not a file, or it is too large for a model.
    """
    left, folders = archives.MAX_BYTES, 0

    def check_folder(place: str, names: list[str]) -> list[str]:
        nonlocal folders
        folders += 1
        above = Path(place).parents[: len(Path(place).relative_to(folder).parts)]
        if os.path.realpath(place) in map(os.path.realpath, above):
            raise ValueError(f"{place} is a link to a folder that it is in")
        if folders > archives.MAX_FILES:
            raise ValueError(f"more than {archives.MAX_FILES} folders are too many for a model")
        return []

    def copy(source: str, target: str) -> None:
        nonlocal left
        with open_regular(Path(source), pointers=True) as file, Path(target).open("xb") as sink:
            left = archives.copy(file.read, sink.write, left)

    try:
        return Path(shutil.copytree(folder, to, copy_function=copy, ignore=check_folder))
    except shutil.Error as error:
        # Its argument lists each file with its reason.
        raise OSError(error.args[0][0][2]) from None


def find_model(folder: Path) -> Found:
    """The only model in a folder or its subfolders.

    Raises:
        FileNotFoundError: there is none.
        ValueError: there are several.
    """
    known = families.families()
    below = (place for place in folder.rglob("*") if archives.MACOS_FOLDER not in place.relative_to(folder).parts)
    places = (folder, *sorted(filter(Path.is_dir, below)))
    found = [Found(family, place) for place in places for family in known if family.detect(place)]
    if not found:
        raise FileNotFoundError(f"{folder.name} contains no model, and no subfolder does: {families.contents()}")
    if len(found) > 1 and found[0].folder != folder:
        raise ValueError(f"{folder.name} contains several models; add one of them: {', '.join(f.name for f in found)}")
    return found[0]
