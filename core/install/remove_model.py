"""`hallu models remove`: delete a model that was added."""

import shutil
from pathlib import Path

from core import families


def remove(name: str, models: Path) -> list[Path]:
    """Delete the models of a name from a models folder; a link is removed, not what it leads to.

    Args:
        name: of the models' folders; a sound model and an image model may share it.
        models: the models folder, such as the user's own.

    Returns:
        The folders that are deleted.

    Raises:
        FileNotFoundError: there is no model of this name; the message lists those that there are.
        OSError: it cannot be deleted.
    """
    found = families.find([models])
    folders = [model.folder for model in found if model.name == name]
    if not folders:
        names = ", ".join(sorted({model.name for model in found})) or "none"
        raise FileNotFoundError(f"{models} contains no model {name!r}; added models: {names}")
    for folder in folders:
        folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
    return folders
