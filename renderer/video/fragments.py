"""MP4 files that survive a kill and a full disk: written in fragments, each whole by itself.

While such a file is written, it has a hidden name and is locked. A file that nobody locks any more is what a killed
process left: `recover` gives it its name, without what follows its last whole fragment.
"""

import contextlib
import logging
import os
import re
import secrets
from pathlib import Path
from typing import BinaryIO

from core import errors
from core.files import atomic
from core.files.file_urls import file_url
from core.files.locks import try_lock
from core.files.unused_names import unused

log = logging.getLogger(__name__)

# FFmpeg writes an ordinary file's index when it is finished; until then, four fragments a second.
OPTIONS = {"movflags": "+hybrid_fragmented+delay_moov", "frag_duration": "250000", "flush_packets": "1"}
# Of the hidden file, while it is written.
ENDING = ".recording.mp4"
_PART = re.compile(rf"\.(?P<stem>.+)-[0-9a-f]{{8}}{re.escape(ENDING)}", re.DOTALL)
_BOX, _LARGE_BOX = 8, 16


class FragmentFile:
    """A file that FFmpeg writes to. Once writing has failed it takes nothing more, so that what it holds stays.

    Attributes:
        error: why writing has failed; FFmpeg does not pass it on.
    """

    def __init__(self, path: Path) -> None:
        """Open a hidden file beside `path`, which gets its name at the end.

        Raises:
            OSError: it cannot be written.
        """
        self._path = path
        self._part = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{ENDING}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with contextlib.suppress(OSError):
            # Without locks, nothing is lost; but another renderer would take this file for one of a killed process.
            try_lock(self._file)
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all of the data.

        Raises:
            OSError: it cannot be written, or an earlier write has failed.
        """
        if self.error:
            raise self.error
        left = memoryview(data)
        try:
            with atomic.naming(self._path.parent):
                while left:
                    left = left[os.write(self._file, left) :]
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to another place in the file."""
        return os.lseek(self._file, offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return os.lseek(self._file, 0, os.SEEK_CUR)

    def finish(self) -> Path:
        """Give a complete file its name, or a similar one that is free; returns its path.

        Raises:
            OSError: it cannot be renamed.
        """
        os.fsync(self._file)
        return self._named()

    def salvage(self) -> Path | None:
        """Give the file its name with the fragments that it has; returns its path, None if there are none."""
        with os.fdopen(os.dup(self._file), "rb+") as file:
            end = _cut(file)
        if end:
            return self._named()
        self.discard()
        return None

    def discard(self) -> None:
        """Delete the file."""
        os.close(self._file)
        self._part.unlink(missing_ok=True)

    def _named(self) -> Path:
        os.close(self._file)
        return self._part.rename(unused(self._path))


def recover(folder: Path) -> list[Path]:
    """Give the recordings that killed processes left in a folder their names; returns their paths.

    What cannot be recovered, such as on a full disk, is logged and stays for the next time.
    """
    found = []
    for part in folder.iterdir() if folder.is_dir() else ():
        name = _PART.fullmatch(part.name)
        try:
            kept = _recover(part, name["stem"]) if name and part.is_file() and not part.is_symlink() else None
        except OSError as error:
            log.warning("a recording is not recovered: %s", errors.sentence(error))
            continue
        found += [kept] if kept else []
    return found


def _recover(part: Path, stem: str) -> Path | None:
    with part.open("rb+") as file:
        if not try_lock(file.fileno()):
            # It is being written.
            return None
        end = _cut(file)
    path = unused(part.with_name(f"{stem}.mp4"))
    if not end:
        part.unlink()
        return None
    try:
        _rewrite(part, path)
        part.unlink()
    except (OSError, ValueError) as error:
        # As it is, in fragments, it plays too.
        log.info("%s stays in fragments: %s", path.name, error)
        part.rename(path)
    log.warning("recovered %s, which was being recorded when the renderer was killed", path)
    return path


def _cut(file: BinaryIO) -> int:
    """Cut a file after its last whole fragment; returns its length in bytes."""
    size, place, end = os.fstat(file.fileno()).st_size, 0, 0
    while place + _BOX <= size:
        file.seek(place)
        head = file.read(_LARGE_BOX)
        length = int.from_bytes(head[:4], "big")
        length = int.from_bytes(head[8:], "big") if length == 1 else length
        place += max(length, _BOX)
        # A fragment ends with its data.
        end = place if head[4:8] == b"mdat" and place <= size else end
    file.truncate(end)
    return end


def _rewrite(part: Path, path: Path) -> None:
    """Copy the streams into an ordinary MP4, with its index first.

    Raises:
        OSError, ValueError: they cannot be copied.
    """
    import av

    with (
        atomic.replacing(path) as ordinary,
        av.open(file_url(part), format="mp4", options={"protocol_whitelist": "file"}) as source,
        av.open(file_url(ordinary), "w", format="mp4", options={"movflags": "+faststart"}) as copy,
    ):
        streams = {stream.index: copy.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
