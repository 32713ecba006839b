"""Checkpoints and components files by name: the models folders confine every path that a message can name."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import gansynth
from ganspace.files import SUFFIXES
from gansynth.config import is_checkpoint


def locate(name: str, models: Sequence[Path]) -> Path:
    """The checkpoint folder that NAME means: DIR/gansynth/NAME, or an absolute path inside one of the models folders.

    Links and `..` are followed before the folder is compared, so nothing outside can be reached.

    Raises:
        FileNotFoundError: there is none inside; what lies outside is not told apart from what is missing.
    """
    for folder in models:
        for found in _inside(Path(folder), name):
            if is_checkpoint(found):
                return found
    known = ", ".join(path.name for path in gansynth.find(models)) or "none"
    raise FileNotFoundError(f"no checkpoint {name[:80]!r} in the models folders (hallu serve --models); found: {known}")


def locate_components(name: str, folder: Path, models: Sequence[Path]) -> Path:
    """The components file that NAME means: one in the loaded checkpoint's folder, else found as `locate` finds.

    Raises:
        FileNotFoundError: there is none, as in `locate`.
    """
    for found in (*_confined(folder, folder, name), *(path for room in models for path in _inside(Path(room), name))):
        if found.is_file():
            return found
    beside = sorted(file.name for file in folder.iterdir() if file.suffix in SUFFIXES)
    raise FileNotFoundError(
        f"no components file {name[:80]!r} beside the model (there: {', '.join(beside) or 'none'}) "
        "or in the models folders (hallu serve --models)"
    )


def _inside(models: Path, name: str) -> Iterator[Path]:
    """What a name means in a models folder, if it stays inside."""
    room = models / "gansynth"
    for _ in _confined(room, models, "."):
        yield from _confined(room, models if Path(name).is_absolute() else room, name)


def _confined(room: Path, root: Path, name: str) -> Iterator[Path]:
    """A path from a room, if what it leads to exists inside `root`."""
    try:
        found = (room / name).resolve()
        if found.exists() and found.is_relative_to(root.resolve()):
            yield found
    except (OSError, RuntimeError, ValueError):
        # A name too long, a loop of links, bytes that no path has: there is no such thing.
        return
