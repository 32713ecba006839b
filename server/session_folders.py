"""Sessions by name: each is one folder with everything of sound and images, which can be mailed.

`sound.npz` is a state file (server/state_file.py), `images.json` a settings file of the renderer. Models and components
are in them by their names only, so that another machine finds its own.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.files import atomic, json_files, plain_names
from server import state_file
from server.session import Session
from server.state_file import SavedSession

SOUND, IMAGES = "sound.npz", "images.json"
_LONGEST = 100
# A renderer sets fewer: each command once, or once for each of its numbers.
_MOST_ROWS = 10_000
# Values of the renderer's settings that may be paths.
_PATHS = ("name", "file")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class StoredSession:
    """A session as its folder holds it: the sound's part, and commands that set the images, oldest first."""

    sound: SavedSession
    images: Sequence[Row]


@dataclass(frozen=True)
class SessionFolders:
    """The folders of sessions.

    Attributes:
        root: where they are.
        image_settings: the renderer's settings file; None: there is no renderer.
    """

    root: Path
    image_settings: Path | None = None

    def save(self, name: str, session: Session) -> None:
        """Save a session; one that has this name is replaced when the new one is complete.

        Raises:
            ValueError: the name is not plain.
            OSError: it cannot be written.
        """
        folder, images = self._folder(name), self.images()
        sound = SavedSession.of(session)
        model, components, foley = (_name(path) for path in (sound.model, sound.components, sound.foley))
        atomic.restore_folders(self.root)
        with atomic.replacing_folder(folder) as part:
            state_file.save(part / SOUND, replace(sound, model=model, components=components, foley=foley))
            if images:
                atomic.write_text(part / IMAGES, json.dumps({"version": 1, "settings": images}, indent=1))

    def load(self, name: str) -> StoredSession:
        """Read a session.

        Raises:
            FileNotFoundError: there is none of this name.
            ValueError: the name is not plain, or a file is damaged.
        """
        folder = self._existing(name)
        return StoredSession(state_file.load(folder / SOUND), _rows(folder / IMAGES))

    def names(self) -> list[str]:
        """The names of the sessions, sorted."""
        if not self.root.is_dir():
            return []
        atomic.restore_folders(self.root)
        found = (path.parent.name for path in self.root.glob(f"*/{SOUND}"))
        return sorted(filter(_is_plain, found))

    def delete(self, name: str) -> None:
        """Delete a session.

        Raises:
            FileNotFoundError: there is none of this name.
            ValueError: the name is not plain.
            OSError: it cannot be deleted.
        """
        folder = self._existing(name)
        # Of a link, only the link: what it leads to is somewhere else.
        folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)

    def images(self) -> list[Row]:
        """What sets the images at present, without the folders of models."""
        rows = _rows(self.image_settings) if self.image_settings else []
        return [{**row, "values": {key: _short(key, value) for key, value in row["values"].items()}} for row in rows]

    def _existing(self, name: str) -> Path:
        folder = self._folder(name)
        atomic.restore_folders(self.root)
        if not (folder / SOUND).is_file():
            there = ", ".join(self.names()) or "none"
            raise FileNotFoundError(f"there is no session {name!r:.80}; there are: {there}")
        return folder

    def _folder(self, name: str) -> Path:
        return self.root / plain_names.plain("session", name, _LONGEST)


def _is_plain(name: str) -> bool:
    try:
        return bool(plain_names.plain("session", name, _LONGEST))
    except ValueError:
        return False


def _rows(path: Path) -> list[Row]:
    """The commands in a settings file of the renderer; none where there is no file."""
    try:
        rows = json_files.read_object(path)["settings"]
    except FileNotFoundError:
        return []
    except KeyError:
        raise ValueError(f"{path} has no settings") from None
    if isinstance(rows, list) and len(rows) > _MOST_ROWS:
        raise ValueError(f"{path} has {len(rows)} settings, more than {_MOST_ROWS}")
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise ValueError(f"the settings in {path} must be a list of objects with an address and values")
    return rows


def _is_row(row: Any) -> bool:
    named = isinstance(row, Mapping) and isinstance(row.get("address"), str)
    return named and isinstance(row.get("values"), Mapping)


def _short(key: str, value: Any) -> Any:
    return _name(value) if key in _PATHS and isinstance(value, str) else value


def _name(path: str | None) -> str | None:
    return None if path is None else Path(path).name
