"""The server's end of the line to bridges: one port, on which everything travels (see server/remote/wire.py).

A bridge's requests go to a dispatcher of their own, as if its clients sent them here; a reply that names a WAV file is
preceded by the file. A thread does it, so that neither the engine nor the receive thread waits for a line.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zmq

from core import checks
from server.link.door import Door, bind, port_of
from server.link.keyring import Keyring
from server.osc.clients import Address
from server.osc.packet import Message
from server.remote import wire
from server.remote.channel import MOST_UNDER_WAY, ChannelFull, Gap
from server.remote.peer import Peer, client_of
from server.remote.requests import Handle, RemoteRequests, SpoolOf
from server.remote.wake import Wake
from server.remote.wire import Kind, Part
from server.sinks.wav_spool import WavSpool

log = logging.getLogger(__name__)

# A bridge that is silent for so long is gone, and what it asked for is given up. A cut of 30 s must not end it.
GONE_S = 120.0
_MOST_PEERS, _SESSION = 64, 64
_TURN_MS, _CHECK_S = 250, 2.0
# Blocks of files that are packed between two looks at what else is to be done.
_BLOCKS = 2
_MOST_RECEIVED = 64

Page = Callable[[], tuple[str | None, tuple[str, int] | None]]
Gone = Callable[[Callable[[Any], bool]], None]


class RemotePort:
    """The port and its thread."""

    def __init__(
        self,
        host: str,
        port: int,
        keyring: Keyring | None,
        spool: WavSpool,
        pictures: Path,
        page: Page = lambda: (None, None),
        gone: Gone = lambda chosen: None,
    ) -> None:
        """Bind.

        Args:
            host: where to listen.
            port: on which port; 0: any free one.
            keyring: who may connect; None: whoever reaches the port.
            spool: where WAV files are, and recordings go that clients send.
            pictures: where pictures and videos are.
            page: returns what follows the page's address (its token), and where the page is; None: there is none.
            gone: gives up the requests of the clients that are chosen.

        Raises:
            OSError: the port is taken.
        """
        self._keyring, self._spool, self._page, self._gone = keyring, spool, page, gone
        self._pictures = pictures
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        try:
            self._door = Door(self._context, keyring, "a bridge")
            self._socket = bind(self._context, zmq.ROUTER, host, port, self._prepare)
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            raise OSError(f"cannot listen for bridges on {host}:{port}: {error.strerror}; see --remote") from None
        self.port = port_of(self._socket)
        self._instance = os.urandom(8).hex()
        self._peers: dict[str, Peer] = {}
        self._routes: dict[bytes, Peer] = {}
        self._outgoing: queue.SimpleQueue[tuple[Message, Address]] = queue.SimpleQueue()
        self._wake = Wake()
        self._checked_s = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="remote", daemon=True)

    def _prepare(self, socket: "zmq.Socket[bytes]") -> None:
        self._door.lock(socket)
        # More than a line's window; what is dropped all the same is asked for again.
        socket.sndhwm = 2 * MOST_UNDER_WAY

    def start(self, handle: Handle, room: SpoolOf | None = None) -> None:
        """Start the thread.

        Args:
            handle: gets every datagram, with the address of its client.
            room: the spool of a client's room; None: all have the whole one.
        """
        self._requests = RemoteRequests(self._spool, self._pictures, handle, self.send, room)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and free the port."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(2.0)

    def send(self, message: Message, to: Address) -> None:
        """Send a reply to a client behind a bridge; may be called from any thread, and never waits."""
        self._outgoing.put((message, to))
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("the line to bridges failed")
                self._stopping.wait(0.1)
        self._take_replies()
        while self._send_waiting():
            pass
        for peer in tuple(self._peers.values()):
            peer.close()
        self._context.destroy(linger=200)
        self._wake.close()

    def _turn(self) -> None:
        more = self._send_waiting()
        tunnels = [entry for peer in self._peers.values() for entry in peer.tunnels.polled()]
        sockets = (self._socket, self._door.socket, self._wake.fileno())
        polled: list[tuple[Any, int]] = [(one, zmq.POLLIN) for one in sockets]
        ready = dict(zmq.zmq_poll([*polled, *tunnels], 0 if more else _TURN_MS))
        if self._door.socket in ready:
            self._door.answer()
        if self._wake.fileno() in ready:
            self._wake.clear()
        self._take_replies()
        if self._socket in ready:
            self._receive()
        for peer in tuple(self._peers.values()):
            with self._limited(peer):
                peer.tunnels.turn(ready)
        if time.monotonic() - self._checked_s > _CHECK_S:
            self._checked_s = time.monotonic()
            self._drop_gone()

    def _take_replies(self) -> None:
        while not self._outgoing.empty():
            message, to = self._outgoing.get()
            client = client_of(to)
            peer = self._peers.get(client.session) if client else None
            if peer is not None:
                with self._limited(peer):
                    self._requests.reply(peer, message, to)

    def _send_waiting(self) -> bool:
        """Send a little to each bridge; whether there is more."""
        more = False
        for peer in self._peers.values():
            for _ in range(_BLOCKS):
                frames = peer.channel.take()
                if frames is None:
                    break
                self._transmit(peer, frames)
            else:
                more = True
            if peer.channel.unconfirmed:
                self._transmit(peer, peer.channel.plain(Part(Kind.PONG)))
        return more

    def _transmit(self, peer: Peer, frames: list[bytes]) -> None:
        self._socket.send_multipart([peer.route, *frames])

    @contextmanager
    def _limited(self, peer: Peer) -> Iterator[None]:
        """Let a bridge that does not read, or sends what it must not, be one without a session."""
        try:
            yield
        except ChannelFull as error:
            self._drop(peer, f"a bridge was disconnected, for it does not read: {error}")
        except ValueError as error:
            self._drop(peer, f"a bridge was disconnected: {error}")

    def _receive(self) -> None:
        for _ in range(_MOST_RECEIVED):
            try:
                route, *frames = self._socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            try:
                key = str(route.get("User-Id")) if self._keyring else ""
                part, number, arrived = wire.decode([frame.bytes for frame in frames])
                self._take(route.bytes, key, part, number, arrived)
            except (ValueError, zmq.ZMQError) as error:
                log.debug("from a bridge: %s", error)

    def _take(self, route: bytes, key: str, part: Part, number: int, arrived: int) -> None:
        peer = self._routes.get(route)
        if (peer is None or part.kind is Kind.HELLO) and not self._allows(key):
            # Its key was removed while it was connected.
            return
        if part.kind is Kind.HELLO:
            self._hello(route, key, part.fields)
            return
        if peer is None or peer.key != key:
            # A new connection of an old session, perhaps: it has to say which.
            self._answer(route, None)
            return
        if part.kind is Kind.BYE:
            return self._drop(peer, "bridge disconnected")
        peer.seen_s = time.monotonic()
        peer.channel.confirm(arrived)
        try:
            new = peer.channel.accept(number)
        except Gap:
            return self._welcome(peer)
        if new:
            with self._limited(peer):
                self._handle_part(peer, part)

    def _hello(self, route: bytes, key: str, fields: Mapping[str, Any]) -> None:
        """Begin or resume a session; one that is not known must begin afresh.

        Raises:
            ValueError: it does not say how much of the session has arrived.
        """
        session, got = fields.get("session"), checks.whole("got", fields.get("got"), 0, 2**63)
        if not isinstance(session, str) or not 16 <= len(session) <= _SESSION:
            return
        peer = self._peers.get(session)
        if peer is None and fields.get("fresh") is True and len(self._peers) < _MOST_PEERS:
            peer = self._peers[session] = Peer(session, key, route, self._spool)
            log.info("bridge connected")
        if peer is None or peer.key != key:
            self._answer(route, False)
            return
        self._routes.pop(peer.route, None)
        peer.route, self._routes[route] = route, peer
        peer.seen_s = time.monotonic()
        peer.channel.confirm(got)
        self._welcome(peer)
        for frames in peer.channel.again():
            self._transmit(peer, frames)

    def _answer(self, route: bytes, known: bool | None) -> None:
        """Answer a bridge whose session is not known (False), or that has not said which it is (None)."""
        self._socket.send_multipart([route, *wire.encode(Part(Kind.WELCOME, {"known": known}))])

    def _welcome(self, peer: Peer) -> None:
        fields = {"known": True, "got": peer.channel.arrived, "instance": self._instance, "page": self._page()[0]}
        self._transmit(peer, peer.channel.plain(Part(Kind.WELCOME, fields)))

    def _handle_part(self, peer: Peer, part: Part) -> None:
        """Handle a message of a session.

        Raises:
            ValueError: it is not one of a bridge.
        """
        if part.kind is Kind.PING:
            fields = {**part.fields, "page": self._page()[0]}
            self._transmit(peer, peer.channel.plain(Part(Kind.PONG, fields)))
        elif part.kind is Kind.OSC:
            self._requests.request(peer, part)
        elif part.kind is Kind.FILE:
            peer.files.add(part.fields, part.payload)
        elif part.kind is Kind.FORGET:
            peer.forget(str(part.fields.get("name")))
            if part.payload:
                self._requests.again(peer, part)
        elif part.kind is Kind.OPEN:
            peer.tunnels.connect(checks.whole("tunnel", part.fields.get("tunnel"), 0, 2**53), self._page()[1])
        elif part.kind in (Kind.DATA, Kind.CREDIT, Kind.CLOSE):
            peer.tunnels.take(part)

    def _allows(self, key: str) -> bool:
        return self._keyring is None or self._keyring.allows(key.encode())

    def _drop_gone(self) -> None:
        now_s = time.monotonic()
        for peer in tuple(self._peers.values()):
            if now_s - peer.seen_s > GONE_S:
                self._drop(peer, f"a bridge is gone for {GONE_S:g} s; what it asked for is given up")
            elif not self._allows(peer.key):
                self._drop(peer, "a bridge was disconnected: its key was removed")

    def _drop(self, peer: Peer, reason: str) -> None:
        log.info("%s", reason)
        self._peers.pop(peer.session, None)
        self._routes.pop(peer.route, None)
        peer.close()
        self._gone(lambda client: isinstance(client, tuple) and _is_of(client, peer))


def _is_of(address: Address, peer: Peer) -> bool:
    client = client_of(address)
    return client is not None and client.session == peer.session
