"""Ordered UDP: one socket, one receive thread, datagrams of any size."""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

from server.osc.packet import MAX_DATAGRAM, Message, encode

log = logging.getLogger(__name__)

Address = tuple[Any, ...]

# Room for a flood that comes in while the receive thread waits for its turn.
_RECEIVE_BUFFERS = (4 << 20, 1 << 20, 1 << 18)
_STOP_CHECK_S = 0.2


class OscSocket:
    """A bound UDP socket that hands datagrams on in the order in which they came."""

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
        """HOST:PORT that it listens on."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def serve(self, handle: Callable[[bytes, Address], None]) -> None:
        """Hand on every datagram with its sender until `stop`; whatever `handle` raises is logged."""
        while not self._stopped.is_set():
            try:
                datagram, sender = self._socket.recvfrom(MAX_DATAGRAM + 1)
            except TimeoutError:
                continue
            except OSError as error:
                # Windows reports a client that went away here; the next datagram is as good as ever.
                log.debug("receiving: %s", error)
                continue
            try:
                handle(datagram, sender)
            except Exception:
                log.exception("a datagram of %d bytes from %s went wrong", len(datagram), sender)

    def send(self, message: Message, to: Address) -> None:
        """Send one message; a client that cannot be reached is no error."""
        try:
            self._socket.sendto(encode(message), to)
        except (OSError, OverflowError, ValueError) as error:
            log.warning("%s could not be sent to %s: %s", message.address, to, error)

    def stop(self) -> None:
        """Let `serve` return soon; safe in a signal handler."""
        self._stopped.set()

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
