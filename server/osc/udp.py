"""Receive and send OSC over UDP: one socket, one thread, datagrams of any size, in order."""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable

from server.osc.clients import Address
from server.osc.packet import MAX_DATAGRAM, Message, encode

log = logging.getLogger(__name__)

# Room for what comes in while the receive thread waits for its turn.
_RECEIVE_BUFFERS = (4 << 20, 1 << 20, 1 << 18)
_STOP_CHECK_S = 0.2


class OscSocket:
    """A bound UDP socket that passes datagrams on in the order in which they arrived."""

    def __init__(self, host: str, port: int) -> None:
        """Bind; port 0 takes any free one.

        Raises:
            OSError: the host is unknown or the port taken; the message names both.
        """
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.bind(address)
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        for size in _RECEIVE_BUFFERS:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
                break
        self._socket.settimeout(_STOP_CHECK_S)
        self._stopped = threading.Event()

    @property
    def name(self) -> str:
        """The HOST:PORT that it listens on."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def serve(self, handle: Callable[[bytes, Address], None]) -> None:
        """Pass every datagram on with its sender until `stop`; what `handle` raises is logged."""
        while not self._stopped.is_set():
            try:
                datagram, sender = self._socket.recvfrom(MAX_DATAGRAM + 1)
            except TimeoutError:
                continue
            except OSError as error:
                # Windows reports here that a client is gone; the next datagram is not affected.
                log.debug("receiving: %s", error)
                continue
            try:
                handle(datagram, sender)
            except Exception:
                log.exception("handling a datagram of %d bytes from %s failed", len(datagram), sender)

    def send(self, message: Message, to: Address) -> None:
        """Send one message; a client that cannot be reached is not an error."""
        try:
            self._socket.sendto(encode(message), to)
        except (OSError, ValueError) as error:
            log.warning("%s could not be sent to %s: %s", message.address, to, error)

    def stop(self) -> None:
        """Make `serve` return within _STOP_CHECK_S; safe in a signal handler."""
        self._stopped.set()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
