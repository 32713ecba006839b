"""Checkpoints and components files by name: the models folders confine every path that a message can name."""

from collections.abc import Sequence
from pathlib import Path

import gansynth
from core.files.safe_paths import inside
from ganspace import files
from gansynth.config import is_checkpoint


def locate(name: str, models: Sequence[Path]) -> Path:
    """The checkpoint folder that NAME means: DIR/gansynth/NAME, or an absolute path inside one of the models folders.

    Links and `..` are followed before the folder is compared, so nothing outside can be reached.

    Raises:
        FileNotFoundError: there is none inside; what lies outside is not told apart from what is missing.
    """
    for folder in models:
        for found in inside(Path(folder), "gansynth", name):
            if is_checkpoint(found):
                return found
    known = ", ".join(path.name for path in gansynth.find(models)) or "none"
    raise FileNotFoundError(f"no checkpoint {name[:80]!r} in the models folders (hallu serve --models); found: {known}")


def locate_components(name: str, folder: Path, models: Sequence[Path]) -> Path:
    """The components file that NAME means: one in the loaded checkpoint's folder, else found as `locate` finds.

    Raises:
        FileNotFoundError: there is none, as in `locate`.
    """
    return files.locate(name, folder, "gansynth", models, "the model", "hallu serve --models")
