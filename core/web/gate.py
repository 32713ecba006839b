"""Let only so many connections in, and close those that ask for nothing, so that nobody can use them all up."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A request must be there after this time, and the next one on the same connection too.
REQUEST_S = 10.0
MOST, BACKLOG = 128, 50
_OF_THE_DESCRIPTORS = 4  # a connection is one; of those of the process, no more than this part
_SENTENCE = b"this page has as many connections as it can have; close one, and try again\n"
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_SENTENCE), _SENTENCE)
)


class Gate:
    """Connects new clients to an aiohttp server; one address gets half of all connections at most."""

    def __init__(self, most: int | None = None) -> None:
        """Let in `most` connections at a time; None: as many as the process can have, up to MOST."""
        self._server: web.Server | None = None
        self._most = most or min(MOST, _descriptors() // _OF_THE_DESCRIPTORS)
        self._silent: set[asyncio.BaseTransport] = set()

    def open(self, server: web.Server | None) -> None:
        """Pass those that are let in on to this server."""
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return _Newcomer(self)

    def admit(self, transport: asyncio.Transport) -> None:
        """Let the server have a connection, or close it."""
        assert self._server is not None
        peers = Counter(_peer(one.transport) for one in self._server.connections)
        if sum(peers.values()) >= self._most or peers[_peer(transport)] >= self._most // 2:
            transport.write(_FULL)
            transport.close()
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        self._silent.add(transport)
        asyncio.get_running_loop().call_later(REQUEST_S, self._close, transport)

    def _close(self, transport: asyncio.Transport) -> None:
        if transport in self._silent:
            self._silent.discard(transport)
            transport.abort()

    def middleware(self) -> Middleware:
        """What notices that a connection has sent a whole request."""

        @web.middleware
        async def arrived(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.transport is not None:
                self._silent.discard(request.transport)
            return await handler(request)

        return arrived


class _Newcomer(asyncio.Protocol):
    """A connection until the gate has decided."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._gate.admit(transport)


def _peer(transport: asyncio.BaseTransport | None) -> str:
    name = transport.get_extra_info("peername") if transport else None
    return str(name[0]) if name else ""


def _descriptors() -> int:
    """How many files and connections this process can have."""
    try:
        import resource
    except ImportError:
        return _OF_THE_DESCRIPTORS * MOST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else _OF_THE_DESCRIPTORS * MOST


def http_log() -> logging.Logger:
    """A log for aiohttp without malformed requests, which are answered, and browsers that have gone meanwhile."""
    log = logging.getLogger(f"{__name__}.http")
    if not log.filters:
        log.addFilter(_is_of_ours)
    return log


def _is_of_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, ConnectionError))
