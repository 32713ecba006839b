"""Receive and send OSC over UDP: one thread, datagrams of any size, in the order in which each socket receives them."""

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Callable, Sequence

from server.osc.clients import Address
from server.osc.packet import MAX_DATAGRAM, Message, encode

log = logging.getLogger(__name__)

# Room for what comes in while the receive thread waits for its turn.
_RECEIVE_BUFFERS = (4 << 20, 1 << 20, 1 << 18)
_STOP_CHECK_S = 0.2
# What a client's "localhost" may mean.
_LOOPBACK, _LOOPBACK_IPV6 = ("127.0.0.1", "localhost"), "::1"


class OscSocket:
    """A bound UDP socket that passes datagrams on in the order in which they arrived.

    On 127.0.0.1 there is a second one on ::1 where the system has IPv6, since a client's "localhost" may be either.
    """

    def __init__(self, host: str, port: int) -> None:
        """Bind; port 0 takes any free one.

        Raises:
            OSError: the host is unknown or the port taken; the message names both.
        """
        try:
            self._sockets = [_bound(host, port)]
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        if host in _LOOPBACK:
            with contextlib.suppress(OSError):
                other = "127.0.0.1" if self._sockets[0].family == socket.AF_INET6 else _LOOPBACK_IPV6
                self._sockets.append(_bound(other, self._sockets[0].getsockname()[1]))
        self._by_family = {one.family: one for one in self._sockets}
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """The HOST:PORT that it listens on."""
        host, port = self._sockets[0].getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._sockets[0].getsockname()[1])

    def serve(self, handle: Callable[[bytes, Address], None]) -> None:
        """Pass every datagram on with its sender until `stop`; what `handle` raises is logged."""
        with selectors.DefaultSelector() as selector:
            for one in self._sockets:
                selector.register(one, selectors.EVENT_READ)
            while not self._stopped.is_set():
                for key, _ in selector.select(_STOP_CHECK_S):
                    assert isinstance(key.fileobj, socket.socket)
                    _receive(key.fileobj, handle)

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """What to wait for, for who calls `receive` in place of `serve`."""
        return self._sockets

    @staticmethod
    def receive(ready: socket.socket, handle: Callable[[bytes, Address], None]) -> bool:
        """Pass on the next datagram of one of the sockets; whether there was one. What `handle` raises is logged."""
        return _receive(ready, handle)

    def send(self, message: Message, to: Address) -> None:
        """Send one message; a client that cannot be reached is not an error."""
        try:
            self.send_datagram(encode(message), to)
        except ValueError as error:
            log.warning("%s could not be sent to %s: %s", message.address, to, error)

    def send_datagram(self, datagram: bytes, to: Address) -> None:
        """Send a message that is encoded; a client that cannot be reached is not an error."""
        try:
            family = socket.AF_INET6 if len(to) > 2 else socket.AF_INET
            self._by_family.get(family, self._sockets[0]).sendto(datagram, to)
        except OSError as error:
            address = datagram.partition(b"\0")[0].decode("utf-8", "replace")
            log.warning("%s could not be sent to %s: %s", address, to, error)

    def stop(self) -> None:
        """Make `serve` return within _STOP_CHECK_S; safe in a signal handler."""
        self._stopped.set()

    def close(self) -> None:
        """Close the sockets."""
        for one in self._sockets:
            one.close()


def _bound(host: str, port: int) -> socket.socket:
    """A UDP socket on an address, with room for many datagrams.

    Raises:
        OSError: the host is unknown or the port taken.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    for size in _RECEIVE_BUFFERS:
        with contextlib.suppress(OSError):
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
            break
    # A datagram that the system drops after announcing it must not block the other socket.
    bound.setblocking(False)
    return bound


def _receive(ready: socket.socket, handle: Callable[[bytes, Address], None]) -> bool:
    """Pass on the next datagram of a socket; whether it had one."""
    try:
        datagram, sender = ready.recvfrom(MAX_DATAGRAM + 1)
    except OSError as error:
        # Windows reports here that a client is gone; the next datagram is not affected.
        log.debug("receiving: %s", error)
        return False
    try:
        handle(datagram, sender)
    except Exception:
        log.exception("handling a datagram of %d bytes from %s failed", len(datagram), sender)
    return True
