"""Where rooms are kept on disk: a folder each, with its state file and its saved sessions."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from server.rooms import names
from server.rooms.names import RoomError

log = logging.getLogger(__name__)

STATE, SESSIONS = "state.npz", "sessions"
# A room that nobody used for so long is deleted.
KEEP_S = 30 * 86_400.0
# More rooms are not kept: those that were unused for longest go, but none that was used today.
MOST_KEPT = 1024
_TODAY_S = 86_400.0


@dataclass(frozen=True)
class RoomFolders:
    """The folders of rooms, but for MAIN, which has the server's own files.

    Attributes:
        root: where they are.
    """

    root: Path

    def state(self, room: str) -> Path:
        """A room's state file."""
        return self.root / room / STATE

    def sessions(self, room: str) -> Path:
        """The folder of a room's saved sessions."""
        return self.root / room / SESSIONS

    def clean(self, used: Callable[[str], bool], now_s: float | None = None) -> int:
        """Delete rooms that nobody has used for long, and the oldest of too many.

        Args:
            used: whether a room is in use.
            now_s: the time, in seconds since 1970; None: now.

        Returns:
            How many are left.
        """
        now_s = time.time() if now_s is None else now_s
        found = sorted(self._last_used())
        kept = len(found)
        for used_s, folder in found:
            age_s = now_s - used_s
            if not (age_s > KEEP_S or (kept >= MOST_KEPT and age_s > _TODAY_S)):
                break
            if not used(folder.name):
                log.info("room %s was not used for %.0f days; deleted", folder.name, age_s / 86_400)
                shutil.rmtree(folder, ignore_errors=True)
                kept -= 1
        return kept

    def check_room(self, room: str, used: Callable[[str], bool]) -> None:
        """Check that one more room may be kept.

        Raises:
            RoomError: there are too many, and all were used today.
        """
        with suppress(FileNotFoundError):
            if (self.root / room).exists() or len(list(self.root.iterdir())) < MOST_KEPT:
                return
        if self.clean(used) >= MOST_KEPT:
            raise RoomError(f"{MOST_KEPT} rooms were used today, the most that are kept; join one: /room NAME")

    def _last_used(self) -> Iterator[tuple[float, Path]]:
        """When each room was used last, in seconds since 1970, and its folder."""
        with suppress(OSError):
            for folder in self.root.iterdir():
                if folder.is_dir() and not folder.is_symlink() and _is_room(folder.name):
                    with suppress(OSError):
                        files = (folder, folder / STATE, folder / SESSIONS)
                        yield max(file.stat().st_mtime for file in files if file.exists()), folder


def _is_room(name: str) -> bool:
    try:
        return names.plain(name) == name
    except ValueError:
        return False
