"""Locks that one process at a time holds; the system frees them when it ends, however it ends."""

import contextlib
import os
import sys
from pathlib import Path

# Windows locks bytes against reading too: one far behind the holder's name.
_PLACE = 1 << 30
_LONGEST_NAME = 200


class HeldError(OSError):
    """Another process holds the lock; `holder` is what it says about itself."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is held by {holder}")
        self.holder = holder


class Lock:
    """A lock on a file, held until `release` or the end of the process."""

    def __init__(self, path: Path, holder: str) -> None:
        """Take the lock.

        Args:
            path: of a file of its own, which is created and stays.
            holder: what others are to read about who has it.

        Raises:
            HeldError: another one holds it.
            OSError: the file cannot be written, or its file system has no locks.
        """
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)
        try:
            taken = try_lock(self._file)
            name = "" if taken else os.read(self._file, _LONGEST_NAME).decode(errors="replace").strip()
        except OSError:
            self.release()
            raise
        if not taken:
            self.release()
            raise HeldError(path, name or "another process")
        os.truncate(self._file, 0)
        with contextlib.suppress(OSError):
            # A full disk has no room for the name; the lock holds all the same.
            os.write(self._file, holder.encode()[:_LONGEST_NAME])

    def release(self) -> None:
        """Give it back."""
        os.close(self._file)


def try_lock(file: int) -> bool:
    """Lock an open file, until it is closed; False if another process, or another opening of it, holds the lock.

    Raises:
        OSError: its file system has no locks.
    """
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):
        return False
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, _PLACE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(file, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
