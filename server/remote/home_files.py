"""The files of a bridge's own machine: sounds and pictures that came home, recordings that go to the server."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.files.regular import check_regular
from core.text import megabytes
from server.remote.files import FileLost, IncomingFiles, is_plain, sending
from server.remote.peer import MOST_UPLOADED
from server.remote.wire import Part
from server.sinks.wav_spool import WavSpool

_SOUND = re.compile(r"hallu-[0-9a-f]{16}\.wav")
_PICTURES = (".png", ".mp4", ".jpg", ".webm")


class HomeFiles:
    """The spool and the pictures folder at home."""

    def __init__(self, spool: WavSpool, pictures: Path) -> None:
        self._spool, self._pictures = spool, pictures.absolute()
        self.incoming = IncomingFiles(self._place)

    def _place(self, name: str, size: int) -> Path:
        if _SOUND.fullmatch(name):
            self._spool.make_room(size)
            return self._spool.folder / name
        if not is_plain(name) or Path(name).suffix not in _PICTURES:
            raise ValueError(f"a bridge takes WAV files and pictures, not {name!r:.60}")
        self._pictures.mkdir(parents=True, exist_ok=True)
        path, number = self._pictures / name, 1
        while path.exists():
            number += 1
            path = self._pictures / f"{Path(name).stem}-{number}{path.suffix}"
        return path

    def arrived(self, described: dict[str, Any]) -> Path:
        """The path of a file that has arrived, or had before.

        Raises:
            FileLost: it is not here.
            ValueError: it is not described.
        """
        if "file" in described:
            path = self.incoming.finish(described)
            if path.parent == self._spool.folder:
                self._spool.add(path.stat().st_size)
            return path
        name = str(described.get("name"))
        path = self._spool.folder / name
        if _SOUND.fullmatch(name) is None:
            raise ValueError(f"{name!r:.60} is not the name of a sound")
        try:
            os.utime(path)
        except OSError:
            raise FileLost(f"{path} was deleted here") from None
        return path

    def known(self, path: str) -> str:
        """The server's name for a sound that came from there; "": it did not."""
        found = Path(path)
        return found.name if found.parent == self._spool.folder and _SOUND.fullmatch(found.name) else ""

    def picture(self, name: str) -> str:
        """Where a picture of the server's will be here."""
        return (self._pictures / Path(name).name).as_posix()


def upload(word: str, last: Any) -> Iterator[Part]:
    """The messages that carry a file to the server; the last one is made by `last`, of what describes it.

    Raises:
        ValueError: the path is not absolute, or not that of a file that may travel.
        OSError: the file is not there.
    """
    path = Path(word)
    if not path.is_absolute():
        raise ValueError(f"path must be absolute, not {word[:120]!r}")
    check_regular(path)
    if (size := path.stat().st_size) > MOST_UPLOADED:
        most = megabytes(MOST_UPLOADED)
        raise ValueError(f"{path} has {megabytes(size)}; a file of at most {most} can go to the server")
    return sending(path, f"recording{path.suffix}", last)
