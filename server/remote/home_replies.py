"""Replies that have come home: with paths and addresses of this machine, to the client that asked."""

from collections.abc import Callable, Mapping
from typing import Any

from core import checks
from core.commands.limits import MAX_REASON
from core.commands.table import COMMANDS
from core.text import one_line
from server.engine.request import fail
from server.osc.clients import Address
from server.osc.packet import Message, PacketError, decode, encode
from server.remote.files import FileLost
from server.remote.home_files import HomeFiles
from server.remote.open_requests import OpenRequests
from server.remote.paths import PAGES, PATHS
from server.remote.wire import Part

_STATUS, _PICTURE = "/status.reply", "/image/file"
_LATER = frozenset(reply.split()[0] for spec in COMMANDS.values() for reply in spec.later)


class HomeReplies:
    """Delivers the server's replies. Used by the thread of the bridge only."""

    def __init__(
        self,
        files: HomeFiles,
        requests: OpenRequests,
        send: Callable[[bytes, Address], None],
        status_line: Callable[[], Message],
        page: Callable[[], str],
        forget: Callable[[str, Part | None], None],
    ) -> None:
        """Connect.

        Args:
            files: those of this machine.
            requests: those that wait for replies.
            send: sends a datagram to a client.
            status_line: what /status says of the line.
            page: the address of the server's page here.
            forget: reports that a file is not here any longer, by its name, and which reply is to come again with it.
        """
        self._files, self._requests, self._send = files, requests, send
        self._status_line, self._page, self._forget = status_line, page, forget

    def take(self, part: Part) -> None:
        """Deliver a reply; ignored if its request has been given up.

        A reply that names a sound which came before, and was deleted here, comes again with the sound; what follows it
        waits until then.

        Raises:
            ValueError: it is not one.
        """
        number = checks.whole("id", part.fields.get("id"), 0, 2**53)
        followers = [part]
        if "again" in part.fields:
            followers = self._requests.release(number)
            self._take(number, part)
        for one in followers:
            if not self._requests.holds(number, one):
                self._take(number, one)

    def _take(self, number: int, part: Part) -> None:
        request, client = self._requests.get(number), self._requests.client(number)
        described: Any = part.fields.get("file")
        address, path = part.payload.partition(b"\0")[0].decode("utf-8", "replace"), None
        try:
            path = self._files.arrived(described).as_posix() if isinstance(described, dict) else None
        except FileLost as error:
            name = str(described.get("name"))
            if request and "file" not in described:
                # It had come before.
                self._forget(name, part)
                return self._requests.hold(number)
            self._forget(name, None)
            if request:
                self._requests.close(number)
                reason = one_line(f"the sound did not come home: {error}", MAX_REASON)
                return self._send(encode(fail(request.address, request.target, reason)), request.client)
        if client is None or (request is None and address not in _LATER):
            return
        if address in ("/done", "/fail"):
            self._requests.close(number)
        to = _to(part.fields, client)
        if address == _STATUS:
            self._send(encode(self._status_line()), to)
        self._send(self._at_home(address, part.payload, path, client), to)

    def _at_home(self, address: str, datagram: bytes, path: str | None, client: Address) -> bytes:
        """The reply as a client here can use it."""
        places: Mapping[str, int] = PATHS | PAGES
        if address not in places and address != _STATUS:
            return datagram
        message = next(decode(datagram))
        if isinstance(message, PacketError):
            raise ValueError(f"a reply of the server is not readable: {message}")
        args = list(message.args)
        if path is not None:
            args[PATHS[address]] = path
        elif address == _PICTURE:
            args[0] = self._files.picture(str(args[0]))
        if address in PAGES and len(args) > PAGES[address] and str(args[PAGES[address]]).startswith("http"):
            args[PAGES[address]] = self._page()
        if address == _STATUS and len(args) > 3 and args[3] == "-":
            # A server that is done is not, for a client whose sound is still on its way.
            args[3] = self._requests.busy(client) or "-"
        return encode(Message(address, tuple(args)))


def _to(fields: Mapping[str, Any], client: Address) -> Address:
    """Where a reply goes: to the client that asked, or to its other port.

    Raises:
        ValueError: to another machine.
    """
    to = fields.get("to")
    if not isinstance(to, list) or len(to) != len(client) or to[0] != client[0]:
        raise ValueError(f"a reply must go to its client, not to {to!r:.60}")
    return (to[0], *(checks.whole("port", value, 0, 2**32) for value in to[1:]))
