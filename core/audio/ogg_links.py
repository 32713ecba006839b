"""Ogg files that were joined, as recordings of web radios are: each link has its own rate and channels (RFC 3533)."""

import itertools
from pathlib import Path
from typing import BinaryIO

from core.files.regular import open_regular

_PAGE, _HEADER = b"OggS", 27
# The flag of a page with which a stream begins; streams that sound together begin one after the other.
_FLAGS, _BEGINS = 5, 2


class Link:
    """Some bytes of an open file, read as if they were a file: what `av.open` needs of one."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file, self._begin, self._end = file, begin, end
        file.seek(begin)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes."""
        return self._file.read(max(min(size, self._end - self._file.tell()), 0))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, which is returned."""
        base = (self._begin, self._file.tell(), self._end)[whence]
        self._file.seek(max(base + offset, self._begin))
        return self.tell()

    def tell(self) -> int:
        """The place of the next byte."""
        return self._file.tell() - self._begin


def ogg_links(path: Path) -> list[tuple[int, int]]:
    """Where the links of an Ogg file begin and end, in bytes; none of a file of another kind.

    Raises:
        OSError: the file cannot be read.
    """
    starts: list[int] = []
    place, begun = 0, False
    with open_regular(path) as file:
        while (header := file.read(_HEADER)).startswith(_PAGE) and len(header) == _HEADER:
            begins = bool(header[_FLAGS] & _BEGINS)
            if begins and not begun:
                starts.append(place)
            begun = begins
            place = file.seek(place + _HEADER + header[-1] + sum(file.read(header[-1])))
        size = file.seek(0, 2)
    return list(itertools.pairwise([*starts, size]))
