"""Paths that a message may name: whatever it says, they stay inside the models folders."""

from collections.abc import Iterator
from pathlib import Path


def inside(models: Path, kind: str, name: str) -> Iterator[Path]:
    """What NAME means in a models folder, if it stays inside: DIR/KIND/NAME, or an absolute path in DIR.

    Links and `..` are followed before paths are compared, so nothing outside can be reached.
    """
    room = models / kind
    for _ in confined(room, models, "."):
        yield from confined(room, models if Path(name).is_absolute() else room, name)


def confined(room: Path, root: Path, name: str) -> Iterator[Path]:
    """A path from a room, if what it leads to exists inside `root`."""
    try:
        found = (room / name).resolve()
        if found.exists() and found.is_relative_to(root.resolve()):
            yield found
    except (OSError, RuntimeError, ValueError):
        # A name too long, a loop of links, bytes that no path has: there is no such thing.
        return
