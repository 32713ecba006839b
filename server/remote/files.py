"""Files on their way over a line: read block by block, and put together again under a temporary name.

A file appears by rename when its last block has come and its checksum is right; until then nobody sees it.
"""

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from core import checks, errors
from core.audio import wav
from core.files import atomic
from core.files.plain_names import is_device
from core.files.regular import open_regular
from server.remote.packing import BLOCK, pack, unpack
from server.remote.wire import Kind, Part

# Sounds that are played at once are this long at most; a note of 4 s at 48 kHz has 768 kB.
LIVE_BYTES = 1 << 20
_MOST_FILES, _MOST_SIZE = 64, 1 << 32
_NAME = re.compile(r"[\w][\w .+()-]{0,119}")
_numbers = itertools.count(1)

Place = Callable[[str, int], Path]


def is_plain(name: str) -> bool:
    """Whether a file's name is one without a folder, which every system can have."""
    return bool(_NAME.fullmatch(name)) and not name.endswith((".", " ")) and not is_device(name)


def sending(path: Path, name: str, end: Callable[[dict[str, Any]], Part]) -> Iterator[Part]:
    """The messages that carry a file.

    Args:
        path: the file; it is read while they are sent.
        name: what it is called there.
        end: makes the last message, of what describes the file: name and its checksum, or name and why it is lost.
    """
    number, found = next(_numbers), hashlib.sha256()
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            for lead, block in _blocks(file, path):
                found.update(block)
                yield Part(Kind.FILE, {"file": number, "name": name, "size": size}, pack(block, lead))
    except OSError as error:
        # What is read from an open file says what is wrong, not with which one.
        named = error if error.filename or not error.strerror else OSError(error.errno, error.strerror, str(path))
        yield end({"file": number, "name": name, "lost": errors.sentence(named)})
        return
    except ValueError as error:
        yield end({"file": number, "name": name, "lost": errors.sentence(error)})
        return
    yield end({"file": number, "name": name, "size": size, "sha256": found.hexdigest()})


def _blocks(file: BinaryIO, path: Path) -> Iterator[tuple[int | None, bytes]]:
    """Blocks, and how many bytes of each come before its first sample."""
    if path.suffix != ".wav":
        while block := file.read(BLOCK):
            yield None, block
        return
    # So that samples begin where later blocks do.
    lead, size = wav.HEADER_BYTES, BLOCK - BLOCK % 4 - (4 - wav.HEADER_BYTES % 4)
    while block := file.read(size):
        yield min(lead, len(block)), block
        lead, size = 0, BLOCK


@dataclass
class _Incoming:
    path: Path
    part: Path
    size: int
    file: BinaryIO
    sha256: Any
    bytes: int = 0
    error: str = ""


class FileLost(OSError):  # noqa: N818 - what became of a file, not an error of this program
    """A file did not arrive; the message says why."""


class IncomingFiles:
    """Files that are arriving from one peer."""

    def __init__(self, place: Place) -> None:
        """`place` says where a file of a name and a size goes; it raises ValueError or OSError where it may not."""
        self._place = place
        self._open: dict[int, _Incoming | str] = {}

    def add(self, fields: Mapping[str, Any], payload: bytes) -> None:
        """Take the next block of a file.

        Raises:
            ValueError: this is not one.
        """
        number = checks.whole("file", fields.get("file"), 0, 2**53)
        if number not in self._open:
            if len(self._open) >= _MOST_FILES:
                raise ValueError(f"{_MOST_FILES} files are arriving at once already")
            self._open[number] = self._begin(fields)
        incoming = self._open[number]
        if isinstance(incoming, str):
            return
        try:
            block = unpack(payload)
            incoming.bytes += len(block)
            if incoming.bytes > incoming.size:
                raise ValueError(f"{incoming.path.name} is longer than the {incoming.size} bytes announced")
            incoming.sha256.update(block)
            incoming.file.write(block)
        except (OSError, ValueError) as error:
            self._give_up(number, errors.sentence(error))

    def _begin(self, fields: Mapping[str, Any]) -> "_Incoming | str":
        try:
            size = checks.whole("size", fields.get("size"), 0, _MOST_SIZE)
            path = self._place(_name(fields), size)
            part = atomic.part_of(path)
            return _Incoming(path, part, size, part.open("wb"), hashlib.sha256())
        except (OSError, ValueError) as error:
            return errors.sentence(error)

    def _give_up(self, number: int, reason: str) -> None:
        incoming = self._open[number]
        self._open[number] = reason
        if isinstance(incoming, _Incoming):
            incoming.file.close()
            incoming.part.unlink(missing_ok=True)

    def finish(self, described: Mapping[str, Any]) -> Path:
        """The path of a file whose last block has come.

        Raises:
            FileLost: it is not whole, or could not be written.
            ValueError: it is not described.
        """
        number = checks.whole("file", described.get("file"), 0, 2**53)
        if "lost" in described:
            self._give_up(number, str(described["lost"])) if number in self._open else None
            self._open.pop(number, None)
            raise FileLost(str(described["lost"]))
        incoming = self._open.get(number) or self._begin(described)
        self._open.pop(number, None)
        if isinstance(incoming, str):
            raise FileLost(incoming)
        return _renamed(incoming, str(described.get("sha256")))

    def clear(self) -> None:
        """Delete what has begun to arrive: the rest will not come."""
        for number in tuple(self._open):
            self._give_up(number, "")
        self._open.clear()


def _name(fields: Mapping[str, Any]) -> str:
    name = fields.get("name")
    if not isinstance(name, str) or not is_plain(name):
        raise ValueError(f"a file's name must be plain, not {name!r:.60}")
    return name


def _renamed(incoming: _Incoming, sha256: str) -> Path:
    try:
        incoming.file.close()
        if incoming.bytes != incoming.size or incoming.sha256.hexdigest() != sha256:
            raise FileLost(f"{incoming.path.name} did not arrive as it was sent")
        incoming.part.replace(incoming.path)
        return incoming.path
    except FileLost:
        raise
    except OSError as error:
        raise FileLost(errors.sentence(error)) from None
    finally:
        incoming.part.unlink(missing_ok=True)
