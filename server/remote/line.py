"""The home end of the line: one socket to the server, which is opened again and again until the server answers."""

import logging
import os
import time
from collections.abc import Callable, Iterator

import zmq

from renderer.ipc.keys import LinkKeys
from server.remote import wire
from server.remote.channel import MOST_UNDER_WAY, Channel, Gap
from server.remote.wire import Kind, Part

log = logging.getLogger(__name__)

# Without a sign of the server for so long the line is cut; the slowest handshake takes a second or two at 200 ms.
SILENT_S = 4.0
_HELLO_S, _PING_S = 1.0, 1.0
_BLOCKS = 2
_MOST_RECEIVED = 64
_PORT = zmq.DEALER


class Line:
    """A session with a server, across cuts. Used by one thread.

    Attributes:
        server: its HOST:PORT.
        channel: what is sent and received; another one after `lost`.
        found: whether the server answers.
        known: whether it has ever answered.
        since_s: when it was found, or the line was cut, or the search began, on time.monotonic's clock.
        round_trip_s: of the last PING.
        page: what follows the page's address; None: the server has no page.
    """

    def __init__(
        self,
        server: str,
        keys: LinkKeys | None,
        found: Callable[[bool], None],
        cut: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        """Connect to nothing yet.

        Args:
            server: HOST:PORT.
            keys: for a server that asks for them.
            found: called when the server answers; True: in a session that is new to it.
            cut: called when it does not any longer.
            lost: called when the server has forgotten the session: it was restarted, or the cut was too long.
        """
        self.server, self._keys = server, keys
        self._on_found, self._on_cut, self._on_lost = found, cut, lost
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket: zmq.Socket[bytes] | None = None
        self.found = self.known = False
        self.round_trip_s = 0.0
        self.page: str | None = None
        self.since_s = time.monotonic()
        self._seen_s = self._opened_s = self._hello_s = self._ping_s = float("-inf")
        self._begin()

    def _begin(self) -> None:
        self.channel, self._session, self._fresh = Channel(), os.urandom(16).hex(), True

    def turn(self, now_s: float) -> bool:
        """Connect, ask, and send a little of what waits; whether there is more to send."""
        if now_s - max(self._seen_s, self._opened_s) > SILENT_S:
            self._open(now_s)
        if not self.found and now_s - self._hello_s > _HELLO_S:
            self._hello(now_s)
        if self.found and now_s - self._ping_s > _PING_S:
            self._ping_s = now_s
            self._send(self.channel.plain(Part(Kind.PING, {"t": now_s})))
        for _ in range(_BLOCKS):
            frames = self.channel.take() if self.found else None
            if frames is None:
                break
            self._send(frames)
        else:
            return True
        if self.found and self.channel.unconfirmed:
            self._send(self.channel.plain(Part(Kind.PONG)))
        return False

    def _open(self, now_s: float) -> None:
        """Open another socket: what the old one has on its way may be stuck for minutes."""
        if self.found:
            self.found, self.since_s = False, now_s
            log.warning("the line to %s is cut; reconnecting", self.server)
            self._on_cut()
        if self.socket is not None:
            self.socket.close(linger=0)
        socket = self.socket = self._context.socket(_PORT)
        socket.ipv6, socket.linger, socket.immediate = "[" in self.server, 0, True
        socket.maxmsgsize, socket.sndhwm, socket.rcvhwm = wire.MOST_BYTES, 2 * MOST_UNDER_WAY, 2 * MOST_UNDER_WAY
        socket.reconnect_ivl, socket.reconnect_ivl_max = 200, 1000
        if self._keys:
            self._keys.secure(socket)
        socket.connect(f"tcp://{self.server}")
        self._opened_s, self._hello_s = now_s, float("-inf")

    def _hello(self, now_s: float) -> None:
        fields = {"session": self._session, "fresh": self._fresh, "got": self.channel.arrived}
        if self._send(self.channel.plain(Part(Kind.HELLO, fields))):
            self._hello_s = now_s

    def _send(self, frames: list[bytes]) -> bool:
        try:
            assert self.socket is not None
            self.socket.send_multipart(frames, zmq.NOBLOCK)
            return True
        except zmq.Again:
            # Not connected at this moment; what has a number is sent again after the next WELCOME.
            if self.found:
                self._hello_s = float("-inf")
                self._resume()
            return False

    def _resume(self) -> None:
        """Ask for what is missing here, and find out what is missing there."""
        assert self.socket is not None
        fields = {"session": self._session, "fresh": False, "got": self.channel.arrived}
        try:
            self.socket.send_multipart(self.channel.plain(Part(Kind.HELLO, fields)), zmq.NOBLOCK)
        except zmq.Again:
            log.debug("not connected yet")

    def receive(self) -> Iterator[Part]:
        """Messages that have arrived, each once."""
        for _ in range(_MOST_RECEIVED):
            try:
                assert self.socket is not None
                part, number, arrived = wire.decode(self.socket.recv_multipart(zmq.NOBLOCK))
                if part.kind is Kind.WELCOME:
                    self._welcome(part)
                    continue
                self._seen_s = time.monotonic()
                self.channel.confirm(arrived)
                new = self.channel.accept(number)
            except zmq.Again:
                return
            except Gap:
                self._resume()
                continue
            except ValueError as error:
                log.debug("from the server: %s", error)
                continue
            if part.kind is Kind.PONG:
                self._pong(part)
            elif new:
                yield part

    def _pong(self, part: Part) -> None:
        sent_s = part.fields.get("t")
        if isinstance(sent_s, float):
            self.round_trip_s = max(0.0, time.monotonic() - sent_s)
            self._set_page(part)

    def _set_page(self, part: Part) -> None:
        page = part.fields.get("page")
        self.page = page if isinstance(page, str) else None

    def _welcome(self, part: Part) -> None:
        now_s, known = time.monotonic(), part.fields.get("known")
        self._seen_s = now_s
        if known is None:
            return self._resume()
        if known is not True:
            if not self._fresh:
                self.found, self.since_s = False, now_s
                self._begin()
                self._on_lost()
            self._hello_s = float("-inf")
            return
        got = part.fields.get("got")
        self.channel.confirm(got if isinstance(got, int) else 0)
        self._set_page(part)
        new, self._fresh = self._fresh, False
        if not self.found:
            self.found, self.known, self.since_s, self._ping_s = True, True, now_s, float("-inf")
            log.info("server found at %s", self.server)
            self._on_found(new)
        for frames in self.channel.again():
            self._send(frames)

    def close(self) -> None:
        """Say goodbye, and close the socket."""
        if self.found:
            self._send(self.channel.plain(Part(Kind.BYE)))
        self._context.destroy(linger=300)
