"""Where a model of sounds for pictures is, and its parts, for the commands that use one."""

from collections.abc import Sequence
from pathlib import Path

from core import families

_KIND: families.Kind = "foley"


def locate(name: str | None, models: Sequence[Path]) -> Path:
    """The folder that a name or a path means; without one, that of the first model in the models folders.

    Raises:
        FileNotFoundError: there is none; the message lists those that are found.
    """
    found = families.find(models, _KIND)
    named = [model.folder for model in found if name in (None, model.name)]
    if named:
        return named[0]
    if name and Path(name).expanduser().exists():
        return Path(name).expanduser()
    known = ", ".join(model.name for model in found) or "none"
    which = f"no {families.KIND_NAMES[_KIND]} {name!r}" if name else f"no {families.KIND_NAMES[_KIND]}"
    raise FileNotFoundError(f"{which} in the models folders (--models); found: {known}")


def part(folder: Path, name: str, flag: str = "") -> Path:
    """The folder of a part of a model, such as its codebook; or, of a single network, the folder itself.

    Args:
        folder: of a model, or of a network.
        name: of the part.
        flag: that names a folder of this part; "": a single network is one.

    Raises:
        FileNotFoundError: the folder is a network's, and the part is another one.
    """
    if (folder / name).is_dir():
        return folder / name
    if flag:
        raise FileNotFoundError(f"{folder} has no {name}; name one with {flag}")
    return folder
