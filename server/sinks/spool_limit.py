"""How much the files of a spool may take together: old ones are deleted, and the oldest of too many."""

import logging
import os
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from core.text import megabytes

log = logging.getLogger(__name__)

# Ten minutes after the reply are promised; the rest is for slow writers and clocks that are set.
KEEP_S = 15 * 60
CLEAN_EVERY_S = 60.0
# All files together, in bytes; half an hour at 192 kHz takes 1.4 GB.
LIMIT = 2 << 30
# Of a full spool only older files are deleted: a client may still be about to read the others.
YOUNG_S = 60.0
# Other processes, such as engines of rooms, write here too: a part of the limit after which their files are counted.
_SLICE = 16
# The folders of rooms are in it.
ROOMS = "rooms"
_HINT = "see hallu serve --spool-limit"
# Files of ours, recordings that a bridge sent, and what a killed server left half written: today
# (.hallu-...-....part.wav) and before (.wav.part).
_OURS = re.compile(
    r"hallu-[0-9a-f]{16}(\.wav(\.part)?|-sent\.[a-z0-9]{1,8})|"
    r"\.hallu-[0-9a-f]{16}(-sent)?-[0-9a-f]{8}\.part\.[a-z0-9]{1,8}"
)


class _SpoolFile(NamedTuple):
    """A file, its bytes, and when it was written, in seconds since 1970."""

    path: Path
    size: int
    changed_s: float


class SpoolLimit:
    """The files of ours in a spool folder and in the folders of its rooms."""

    def __init__(self, root: Path, limit: int) -> None:
        self.root, self._limit = root, limit
        self._bytes, self._added, self._cleaned_s = 0, 0, 0.0

    def clean(self, now_s: float | None = None) -> None:
        """Delete files of ours that are older than KEEP_S, also those of other servers; nothing else is touched."""
        self._cleaned_s, self._added = time.monotonic(), 0
        now_s = time.time() if now_s is None else now_s
        before = self._bytes
        left = sum(self._delete(now_s - KEEP_S, file) for file in self._files())
        for folder in self._folders():
            with suppress(OSError):
                if folder != self.root and now_s - folder.stat().st_mtime > KEEP_S:
                    # Not one that has files.
                    folder.rmdir()
        # What was written meanwhile may have been counted twice, until the next time.
        self._bytes += left - before

    def add(self, size: int) -> None:
        """Count a file that somebody else has written here, after `make_room`."""
        self._bytes += size
        self._added += size

    def make_room(self, needed: int) -> None:
        """Delete the oldest files until there is room for new ones.

        Raises:
            OSError: there is not, even without all files that may go.
        """
        if self._added > self._limit // _SLICE:
            self.clean()
        elif time.monotonic() - self._cleaned_s > CLEAN_EVERY_S:
            self._cleaned_s = time.monotonic()
            # Ten thousand files, a quarter of an hour of stream, take a tenth of a second, and somebody is playing.
            threading.Thread(target=self.clean, name="clean spool", daemon=True).start()
        if needed > self._limit:
            raise OSError(
                f"a sound of {megabytes(needed)} does not fit in the spool of {megabytes(self._limit)}; {_HINT}"
            )
        if self._bytes + needed <= self._limit:
            return
        self.clean()
        for file in _fullest_first(self._files()):
            if self._bytes + needed <= self._limit:
                return
            self._bytes -= file.size - self._delete(time.time() - YOUNG_S, file)
        if self._bytes + needed > self._limit:
            raise OSError(
                f"the spool is full: {megabytes(self._bytes)} of new files, at most {megabytes(self._limit)}; {_HINT}"
            )

    def _folders(self) -> Iterator[Path]:
        yield self.root
        with suppress(OSError), os.scandir(self.root / ROOMS) as entries:
            yield from (Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))

    def _files(self) -> Iterator[_SpoolFile]:
        """Files of ours, and of other servers."""
        for folder in self._folders():
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
                for entry in entries:
                    if _OURS.fullmatch(entry.name):
                        with suppress(OSError):
                            # Another server may have deleted it.
                            stat = entry.stat()
                            yield _SpoolFile(Path(entry.path), stat.st_size, stat.st_mtime)

    @staticmethod
    def _delete(before_s: float, file: _SpoolFile) -> int:
        """Delete a file that was written before a time; returns the bytes that are left of it."""
        if file.changed_s >= before_s:
            return file.size
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:
            log.debug("%s not deleted: %s", file.path, error)
            return file.size
        return 0


def _fullest_first(files: Iterator[_SpoolFile]) -> Iterator[_SpoolFile]:
    """The oldest file of the fullest folder, again and again: no room's sounds go for those of another one.

    A folder whose oldest file is taken is less full, whether the file could be deleted or not.
    """
    folders: dict[Path, deque[_SpoolFile]] = defaultdict(deque)
    sizes: dict[Path, int] = defaultdict(int)
    for file in sorted(files, key=lambda file: file.changed_s):
        folders[file.path.parent].append(file)
        sizes[file.path.parent] += file.size
    while folders:
        fullest = max(folders, key=sizes.__getitem__)
        file = folders[fullest].popleft()
        sizes[fullest] -= file.size
        if not folders[fullest]:
            del folders[fullest]
        yield file
