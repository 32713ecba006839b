"""Names of files that do not exist yet, so that nothing is overwritten."""

from collections.abc import Iterable
from pathlib import Path


def unused(path: Path, companions: Iterable[str] = ()) -> Path:
    """The path itself, or the first of NAME-2, NAME-3, ... that does not exist.

    Args:
        path: of a file to write.
        companions: suffixes of files that are written beside it; none of them may exist either.
    """
    found, number = path, 1
    while any(found.with_suffix(suffix).exists() for suffix in (path.suffix, *companions)):
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found
