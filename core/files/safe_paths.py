"""Resolve paths that a message names so that they never leave the models folders."""

from collections.abc import Iterator
from pathlib import Path


def inside(models: Path, kind: str, name: str) -> Iterator[Path]:
    """Yield the path of NAME in a models folder, if it is inside: DIR/KIND/NAME, or an absolute path in DIR.

    Links and `..` are resolved before paths are compared, so that nothing outside can be reached.
    """
    folder = models / kind
    for _ in confined(folder, models, "."):
        yield from confined(folder, models if Path(name).is_absolute() else folder, name)


def confined(folder: Path, root: Path, name: str) -> Iterator[Path]:
    """Yield the path of NAME, relative to a folder, if it exists inside `root` once it is resolved."""
    try:
        found = (folder / name).resolve()
        if found.exists() and found.is_relative_to(root.resolve()):
            yield found
    except (OSError, RuntimeError, ValueError):
        # A name that is too long, a loop of links, a character that no path can have: no such file.
        return
