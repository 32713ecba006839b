"""What the server knows of one bridge: its session, its line, its files, its connections to the page."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.text import megabytes
from server.osc.clients import Address
from server.remote.channel import Channel
from server.remote.files import IncomingFiles
from server.remote.tunnels import Tunnels
from server.sinks.spool_limit import YOUNG_S
from server.sinks.wav_spool import WavSpool

# A recording that a client sends; a minute at 192 kHz in stereo takes 92 MB.
MOST_UPLOADED = 100 << 20
_MOST_DELIVERED = 4096
_SPARE_S = 10.0
_LONGEST_SUFFIX = 9


@dataclass(frozen=True)
class RemoteHost:
    """Where a client is that plays through a bridge: in place of the host in its address.

    Two are equal if they are the same client's, whatever the request: the server keeps its turns and wishes by it.

    Attributes:
        key: the public key of the bridge, "" where none is needed.
        session: of the bridge; another one after it was restarted.
        host: of the client, as the bridge sees it.
        request: the bridge's number for the request.
        given: paths of the request on this machine, and what the client called them.
    """

    key: str
    session: str
    host: str
    request: int = field(default=0, compare=False)
    given: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    # Whether files that replies name are whole: not at the start of a recording.
    whole: bool = field(default=True, compare=False)

    @property
    def client(self) -> tuple[str, str]:
        """The key and the client's own host: the same also after a restart of the bridge."""
        return self.key, self.host


def client_of(address: Address) -> RemoteHost | None:
    """The remote client in an address; None: it is on this network."""
    return address[0] if isinstance(address[0], RemoteHost) else None


class Peer:
    """One bridge. Used by the thread of the port only."""

    def __init__(self, session: str, key: str, route: bytes, spool: WavSpool) -> None:
        self.session, self.key, self.route = session, key, route
        self.channel = Channel()
        self.tunnels = Tunnels(self.channel)
        self._spool = spool
        self.files = IncomingFiles(self._place)
        self.seen_s = time.monotonic()
        # When the last block of a file was sent, or its reply was sent again without it.
        self._delivered: OrderedDict[str, float] = OrderedDict()

    def _place(self, name: str, size: int) -> Path:
        """Where an uploaded recording goes."""
        if size > MOST_UPLOADED:
            raise ValueError(
                f"a file of {megabytes(size)} is too long; at most {megabytes(MOST_UPLOADED)} travel to a server"
            )
        self._spool.make_room(size)
        suffix = Path(name).suffix.lower()
        known = suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= _LONGEST_SUFFIX
        return self._spool.new_path(f"-sent{suffix if known else '.sound'}")

    def arrived(self, described: dict[str, Any]) -> Path:
        """The uploaded file that a request needs; raises as `IncomingFiles.finish`."""
        path = self.files.finish(described)
        self._spool.add(path.stat().st_size)
        return path

    def has(self, path: Path) -> bool:
        """Whether the bridge still has this file, so that its name is enough.

        Not while the file is on its way: a reply with the name alone would overtake it.
        """
        known = time.monotonic() - self._delivered.get(path.name, float("-inf")) < YOUNG_S - _SPARE_S
        if known:
            self.delivered(path.name)
        return known

    def delivered(self, name: str) -> None:
        """Remember that the last block of a file is sent before all that follows."""
        self._delivered[name] = time.monotonic()
        self._delivered.move_to_end(name)
        while len(self._delivered) > _MOST_DELIVERED:
            self._delivered.popitem(last=False)

    def forget(self, name: str) -> None:
        """Send a file again the next time: the bridge has lost it."""
        self._delivered.pop(name, None)

    def close(self) -> None:
        """Free what it holds."""
        self.tunnels.clear()
        self.files.clear()
