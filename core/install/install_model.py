"""`hallu models add`: check a model from a folder, an archive or the web, then install it in one step."""

import os
import shutil
import tempfile
from pathlib import Path

from core import families
from core.families import Found
from core.install import archives, downloads
from core.progress import Progress, ignore


def add(source: str, models: Path, name: str | None = None, progress: Progress = ignore) -> Path:
    """Install a model in the folder of its family in a models folder.

    Args:
        source: a known name, an http(s) address, or the path of a folder, an archive, or a file that is a model by
            itself.
        models: the models folder.
        name: of the installed model; None: that of the folder in which it comes.
        progress: counts the bytes of a download.

    Returns:
        Its new folder.

    Raises:
        FileNotFoundError: there is nothing at `source`, or no model in it.
        FileExistsError: a model of this name is already installed.
        ValueError: the archive is broken, too large or leads outside its folder; or the model cannot be used.
        OSError: the download fails or the disk is full.
    """
    models.mkdir(parents=True, exist_ok=True)
    # In the models folder, so that the last step is one rename.
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=models) as scratch:
        model = _fetch(source, Path(scratch), progress)
        _check(model)
        folder = models / model.family.folder / _checked(name or model.name)
        if folder.exists():
            raise FileExistsError(f"{folder} is there already; remove it first to replace it, or choose a --name")
        folder.parent.mkdir(exist_ok=True)
        model.folder.rename(folder)
    return folder


def _check(model: Found) -> None:
    """Check a model; errors name its files from its own folder on, which is not in the scratch folder for long."""
    try:
        model.family.check(model.folder)
    except (FileNotFoundError, ValueError) as error:
        raise type(error)(str(error).replace(f"{model.folder.parent}{os.sep}", "")) from None


def _checked(name: str) -> str:
    if name.startswith(".") or Path(name).name != name or "\\" in name:
        raise ValueError(f"a model's name must be that of a folder, not {name!r}")
    return name


def _fetch(source: str, scratch: Path, progress: Progress) -> Found:
    """The model, in a scratch folder of its own."""
    path = Path(source).expanduser()
    if path.is_dir():
        model = find_model(path.resolve())
        return Found(model.family, Path(shutil.copytree(model.folder, scratch / "copied" / model.name)))
    fetched = path if path.is_file() else downloads.fetch(source, scratch, progress)
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
