"""Which files a model was loaded from, to see later whether they are still the same."""

from collections.abc import Mapping
from pathlib import Path

from ganspace.files import SUFFIXES

# Size in bytes and time of the last change (ns), by path.
FileStates = Mapping[Path, tuple[int, int]]


def states(folder: Path) -> FileStates:
    """The files of a model's folder as they are now.

    Raises:
        OSError: they cannot be listed.
    """
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


def unchanged(folder: Path, before: FileStates) -> bool:
    """Whether a folder still has exactly these files; components files that were added since do not count."""
    try:
        now = states(folder)
    except OSError:
        return False
    added = (path for path in now if path not in before)
    return before.items() <= now.items() and all(path.suffix in SUFFIXES for path in added)
