"""Puts models and patches into the wheel: only the models that ship, not those that somebody trains in a checkout."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_INSIDE = "core/shipped"
# What a model's card shows, and nothing reads.
_OF_CARDS = {".flac", ".jpg", ".png"}


class ShippedFiles(BuildHookInterface):
    """Adds the folders that models/ships.txt names, and pd."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Extend what the wheel includes; an editable install reads the checkout instead."""
        if version == "editable":
            return
        root = Path(self.root)
        folders = (root / "models" / "ships.txt").read_text(encoding="utf-8").split()
        names = ["models/ships.txt", "pd"]
        for folder in folders:
            files = (path for path in (root / "models" / folder).glob("**/*") if path.is_file())
            names += [path.relative_to(root).as_posix() for path in files if path.suffix not in _OF_CARDS]
        build_data["force_include"].update({str(root / name): f"{_INSIDE}/{name}" for name in names})
