"""Checkpoints by name: the models folders confine every path that a message can name."""

from collections.abc import Sequence
from pathlib import Path

import gansynth
from gansynth.config import is_checkpoint


def locate(name: str, models: Sequence[Path]) -> Path:
    """The checkpoint folder that NAME means: DIR/gansynth/NAME, or an absolute path inside one of the models folders.

    Links and `..` are followed before the folder is compared, so nothing outside can be reached.

    Raises:
        FileNotFoundError: there is none inside; what lies outside is not told apart from what is missing.
    """
    for folder in models:
        found = _inside(Path(folder), name)
        if found is not None:
            return found
    known = ", ".join(path.name for path in gansynth.find(models)) or "none"
    raise FileNotFoundError(f"no checkpoint {name[:80]!r} in the models folders (hallu serve --models); found: {known}")


def _inside(models: Path, name: str) -> Path | None:
    try:
        room = (models / "gansynth").resolve()
        folder = (room / name).resolve()
        root = models.resolve() if Path(name).is_absolute() else room
        confined = folder.is_relative_to(root) and room.is_relative_to(models.resolve())
        return folder if confined and is_checkpoint(folder) else None
    except (OSError, RuntimeError, ValueError):
        # A name too long, a loop of links, bytes that no path has: there is no such folder.
        return None
