"""`hallu models add`: a model from a folder, an archive or the web, checked, then installed in one step."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gansynth
from core.install import archives, downloads
from gansynth.config import is_checkpoint
from renderer import biggan


@dataclass(frozen=True)
class Kind:
    """A kind of model: the folder of a models folder where it belongs, how one is known, and how it is checked."""

    room: str
    is_one: Callable[[Path], bool]
    check: Callable[[Path], None]


def add(source: str, models: Path, name: str | None = None) -> Path:
    """Install a model in MODELS/gansynth or MODELS/biggan, by a known name, a URL, or the path of an archive or folder.

    Args:
        source: of the model.
        models: the models folder.
        name: what it will be called; None: as the folder in which it comes.

    Returns:
        Its new folder.

    Raises:
        FileNotFoundError: nothing is there, or it holds no model.
        FileExistsError: a model of this name is installed already.
        ValueError: the archive is broken, too big or reaches outside; or the model cannot be used.
        OSError: the download fails or the disk is full.
    """
    models.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that the last step is one rename.
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=models) as scratch:
        kind, folder = _fetch(source, Path(scratch))
        kind.check(folder)
        place = models / kind.room / _checked(name or folder.name)
        if place.exists():
            raise FileExistsError(f"{place} is there already; remove it first to replace it, or choose a --name")
        place.parent.mkdir(exist_ok=True)
        folder.rename(place)
    return place


def _checked(name: str) -> str:
    if name.startswith(".") or Path(name).name != name or "\\" in name:
        raise ValueError(f"a model's name must be that of a folder, not {name!r}")
    return name


def _fetch(source: str, scratch: Path) -> tuple[Kind, Path]:
    """The model, in a scratch folder of its own."""
    path = Path(source).expanduser()
    if path.is_dir():
        kind, folder = find_model(path.resolve())
        return kind, Path(shutil.copytree(folder, scratch / "copied" / folder.name))
    found = path if path.is_file() else downloads.fetch(source, scratch)
    if found.is_dir():
        return find_model(found)
    # An archive without a folder of its own gives the model its name.
    room = scratch / "unpacked" / archives.stem(found.name)
    archives.unpack(found, room)
    return find_model(room)


def find_model(folder: Path) -> tuple[Kind, Path]:
    """The one model at or below a folder, and of which kind it is.

    Raises:
        FileNotFoundError: there is none.
        ValueError: there are several.
    """
    found = [one for place in (folder, *sorted(filter(Path.is_dir, folder.rglob("*")))) for one in _kinds(place)]
    if not found:
        raise FileNotFoundError(
            f"{folder.name} holds no checkpoint and no picture model: no folder in it has stage_*, or config.json and"
            " weights, or a TF-Hub module's saved_model.pb"
        )
    if len(found) > 1 and found[0][1] != folder:
        raise ValueError(f"{folder.name} holds several models, add one of them: {', '.join(p.name for _, p in found)}")
    return found[0]


def _kinds(folder: Path) -> Iterator[tuple[Kind, Path]]:
    return ((kind, folder) for kind in _KINDS if kind.is_one(folder))


def _check_voice(folder: Path) -> None:
    gansynth.read_config(folder)
    if not any(folder.glob("stage_*/*.index")):
        raise FileNotFoundError(f"{folder.name} has no weights: no stage_*/*.index is in it")


def _is_picture_model(folder: Path) -> bool:
    try:
        biggan.read_config(folder)
    except FileNotFoundError:
        return False
    except ValueError:
        # One that is damaged: the check says how.
        return True
    return True


def _check_pictures(folder: Path) -> None:
    from renderer.biggan.model_formats import class_names, read_weights
    from server.quiet import import_tensorflow

    config = biggan.read_config(folder)
    class_names(folder, config)
    import_tensorflow()
    read_weights(folder, config)


_KINDS = (Kind("gansynth", is_checkpoint, _check_voice), Kind("biggan", _is_picture_model, _check_pictures))
