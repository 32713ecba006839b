"""Checkpoints and components files by name: the models folders confine every path that a message can name."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from core import families
from core.families import Kind
from core.files.safe_paths import inside
from ganspace import files


def locate(name: str, models: Sequence[Path], kind: Kind = "sound") -> Path:
    """The folder that NAME means: DIR/FAMILY/NAME, or an absolute path inside one of the models folders.

    Links and `..` are followed before the folder is compared, so nothing outside can be reached.

    Raises:
        FileNotFoundError: there is none inside; the message is the same for a folder outside.
    """
    for folder, family in itertools.product(models, families.families(kind)):
        for found in inside(Path(folder), family.folder, name):
            if family.detect(found):
                return found
    listed = families.find(models, kind)
    if any(found.name == name and found.folder.is_symlink() for found in listed):
        raise FileNotFoundError(f"{name!r} in the models folder is a link that leads out of it; put the folder there")
    known = ", ".join(found.name for found in listed) or "none"
    what = "checkpoint" if kind == "sound" else families.KIND_NAMES[kind]
    raise FileNotFoundError(f"no {what} {name[:80]!r} in the models folders (hallu serve --models); found: {known}")


def locate_components(name: str, folder: Path, models: Sequence[Path]) -> Path:
    """The components file that NAME means: one in the loaded checkpoint's folder, else found as `locate` finds.

    Raises:
        FileNotFoundError: there is none, as in `locate`.
    """
    return files.locate(name, folder, "sound", models, "the model", "hallu serve --models")
