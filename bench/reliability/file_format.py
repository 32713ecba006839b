"""A file format that is read from outside: a real file of it, and what reads it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "tests" / "data"
Read = Callable[[Path], Any]


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        name: for the table.
        source: a file, or a folder of which `file` is changed.
        file: pattern of the file that is changed, in the folder; "": `source` itself.
        read: gets the changed file, or the folder with it; refuses it by ValueError or OSError.
    """

    name: str
    source: Path
    file: str
    read: Read

    def copy(self, folder: Path) -> tuple[Path, Path]:
        """Copy the source into a folder: what `read` gets, and the file to change."""
        place = folder / (self.source.name if self.file else f"file{self.source.suffix}")
        if not self.file:
            return Path(shutil.copy(self.source, place)), place
        shutil.copytree(self.source, place)
        return place, next(place.rglob(self.file))
