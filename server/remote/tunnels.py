"""Connections to the page through the line: bytes of TCP, both ways, for HTTP, MJPEG and WebSockets alike.

Each end reads from its socket no more than the other end has confirmed to have written to its own, plus CREDIT: a
browser that does not read stops the page's end, and costs no memory.
"""

import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import zmq

from core import checks
from server.remote.channel import BULK, Channel
from server.remote.wire import Kind, Part

log = logging.getLogger(__name__)

CREDIT, MOST_TUNNELS = 1 << 18, 64
_BLOCK = 1 << 15
# While more messages wait for the line, nothing is read.
_MOST_WAITING = 1024
# What a browser is shown when the other end has no page.
_NO_PAGE = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    "Content-Length: {}\r\n\r\n{}\n"
)


@dataclass
class _Tunnel:
    socket: socket.socket
    accepted: bool = False
    connecting: bool = False
    # How many bytes may still be read and sent.
    credit: int = CREDIT
    # What is to be written, and how much has been since the last CREDIT.
    pending: bytearray = field(default_factory=bytearray)
    written: int = 0
    received: bool = False
    ending: bool = False


class Tunnels:
    """The tunnels of one line, at one of its ends. Not thread-safe."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._tunnels: dict[int, _Tunnel] = {}
        self._number = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._tunnels)

    def open(self, accepted: socket.socket) -> None:
        """Begin a tunnel from a connection of a browser's; with too many, it is closed."""
        if len(self._tunnels) >= MOST_TUNNELS:
            accepted.close()
            return
        self._number += 1
        self._add(self._number, accepted).accepted = True
        self._push(self._number, Kind.OPEN)

    def connect(self, number: int, address: tuple[str, int] | None) -> None:
        """Let a tunnel that the other end began lead to an address; None: there is nothing to lead to."""
        if address is None or number in self._tunnels or len(self._tunnels) >= MOST_TUNNELS:
            self._push(number, Kind.CLOSE)
            return
        try:
            family, _, _, _, where = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
            end = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            self._push(number, Kind.CLOSE)
            return
        self._add(number, end).connecting = True
        with suppress(BlockingIOError):
            end.connect_ex(where)

    def _add(self, number: int, end: socket.socket) -> _Tunnel:
        end.setblocking(False)
        with suppress(OSError):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tunnel = self._tunnels[number] = _Tunnel(end)
        return tunnel

    def polled(self) -> Iterable[tuple[int, int]]:
        """Descriptors, and what to wait for."""
        room = self._channel.waiting < _MOST_WAITING
        for tunnel in self._tunnels.values():
            wanted = zmq.POLLOUT if tunnel.pending or tunnel.connecting else 0
            wanted |= zmq.POLLIN if room and tunnel.credit > 0 and not (tunnel.ending or tunnel.connecting) else 0
            if wanted:
                yield tunnel.socket.fileno(), wanted

    def turn(self, ready: dict[int, int]) -> None:
        """Read and write what can be, by descriptor."""
        for number, tunnel in list(self._tunnels.items()):
            events = ready.get(tunnel.socket.fileno(), 0)
            if events & ~zmq.POLLIN:
                self._write(number, tunnel)
            if events & ~zmq.POLLOUT and number in self._tunnels and not tunnel.connecting:
                self._read(number, tunnel)

    def take(self, part: Part) -> None:
        """Handle a message of the other end.

        Raises:
            ValueError: it names no tunnel, or has more bytes than were allowed.
        """
        number = checks.whole("tunnel", part.fields.get("tunnel"), 0, 2**53)
        tunnel = self._tunnels.get(number)
        if tunnel is None:
            # It was closed here meanwhile.
            return
        if part.kind is Kind.CREDIT:
            tunnel.credit = min(CREDIT, tunnel.credit + checks.whole("bytes", part.fields.get("bytes"), 0, CREDIT))
        elif part.kind is Kind.CLOSE:
            self._finish(number, tunnel)
        else:
            if len(tunnel.pending) + tunnel.written + len(part.payload) > CREDIT:
                raise ValueError(f"a tunnel may have at most {CREDIT} bytes under way")
            tunnel.pending += part.payload
            tunnel.received = True
            if not tunnel.connecting:
                self._write(number, tunnel)

    def clear(self) -> None:
        """Close all of them: the other end has forgotten them."""
        for tunnel in self._tunnels.values():
            tunnel.socket.close()
        self._tunnels.clear()

    def _finish(self, number: int, tunnel: _Tunnel) -> None:
        """The other end has closed: write what is left, then close."""
        tunnel.ending = True
        if tunnel.accepted and not tunnel.received:
            text = "there is no page: the server runs without one"
            tunnel.pending += _NO_PAGE.format(len(text.encode()) + 1, text).encode()
        self._write(number, tunnel)

    def _write(self, number: int, tunnel: _Tunnel) -> None:
        try:
            if tunnel.connecting:
                error = tunnel.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, "not connected")
                tunnel.connecting = False
            if tunnel.pending:
                sent = tunnel.socket.send(tunnel.pending)
                del tunnel.pending[:sent]
                tunnel.written += sent
        except BlockingIOError:
            return
        except OSError:
            return self._close(number, tunnel)
        if tunnel.ending and not tunnel.pending:
            return self._close(number, tunnel, announce=False)
        if tunnel.written >= CREDIT // 4 or (tunnel.written and not tunnel.pending):
            self._push(number, Kind.CREDIT, {"bytes": tunnel.written})
            tunnel.written = 0

    def _read(self, number: int, tunnel: _Tunnel) -> None:
        try:
            data = tunnel.socket.recv(min(_BLOCK, tunnel.credit)) if tunnel.credit > 0 else None
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data == b"":
            self._close(number, tunnel)
        elif data:
            tunnel.credit -= len(data)
            self._push(number, Kind.DATA, payload=data)

    def _close(self, number: int, tunnel: _Tunnel, announce: bool = True) -> None:
        tunnel.socket.close()
        self._tunnels.pop(number, None)
        if announce and not tunnel.ending:
            self._push(number, Kind.CLOSE)

    def _push(self, number: int, kind: Kind, fields: dict[str, int] | None = None, payload: bytes = b"") -> None:
        self._channel.push(("tunnel", number), [Part(kind, {"tunnel": number, **(fields or {})}, payload)], BULK)
