"""Names of directions that are not saved in their components file, since it ships with the installation.

They are in the user's folder, one JSON file for each set of directions. `files.load` reads them, so that whatever shows
names shows these.
"""

import hashlib
import json
import logging
from dataclasses import replace
from pathlib import Path

from core.files import json_files, user_folders
from core.files.atomic import write_text
from ganspace.components import Components

log = logging.getLogger(__name__)

_DIGEST_LENGTH = 32


def kept_apart(path: Path) -> bool:
    """Whether the names for a components file are in the user's folder: it ships, or it cannot be written."""
    return user_folders.keeps_apart(path)


def save(components: Components) -> Path:
    """Save the names of these directions in the user's folder.

    Returns:
        The file.

    Raises:
        OSError: it cannot be written.
    """
    file = _folder() / _name(components)
    write_text(file, json.dumps({"names": components.names}, ensure_ascii=False, indent=1) + "\n")
    return file


def applied(path: Path, components: Components) -> Components:
    """The directions of a components file, with the names that the user gave them."""
    folder = _folder()
    if not folder.is_dir() or not kept_apart(path):
        return components
    file = folder / _name(components)
    if not file.exists():
        return components
    try:
        names = json_files.read_object(file)["names"]
        return replace(components, names=tuple(str(name) for name in names)[: components.count])
    except (ValueError, KeyError, TypeError, OSError) as error:
        log.warning("the names in %s cannot be read: %s", file, error)
        return components


def _folder() -> Path:
    return user_folders.data_dir() / "direction_names"


def _name(components: Components) -> str:
    return f"{hashlib.sha256(components.components.tobytes()).hexdigest()[:_DIGEST_LENGTH]}.json"
