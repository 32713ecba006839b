"""A small OSC client for commands: send one message, receive its replies.

python-osc's client does not fit here: it cuts replies at 4096 bytes, and it does not notice that no server listens.
"""

import socket
import time
from collections.abc import Iterator

from core.commands.arguments import Value
from server.osc.packet import MAX_DATAGRAM, Message, decode, encode


class NoAnswerError(OSError):
    """No reply came in time."""


class Client:
    """A UDP socket connected to one server."""

    def __init__(self, host: str, port: int, timeout_s: float = 60.0) -> None:
        """Find the host; nothing is sent yet.

        Raises:
            OSError: the host is unknown.
        """
        self._where = f"{host}:{port}"
        self._timeout_s = timeout_s
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise OSError(f"the host {host!r} is unknown: {error.strerror or error}") from None
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.connect(address)

    def __enter__(self) -> "Client":
        """Use it in a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the socket."""
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def ask(self, address: str, *args: Value) -> Iterator[Message]:
        """Send a message and yield its replies as they come; the last one is /done or /fail.

        Raises:
            NoAnswerError: the server does not run, or sends nothing for timeout_s.
        """
        try:
            self._socket.send(encode(Message(address, args)))
        except OSError as error:
            raise NoAnswerError(f"{self._where} cannot be reached: {error.strerror or error}") from None
        while True:
            for reply in self._receive():
                yield reply
                if reply.address in ("/done", "/fail") and reply.args[:1] in ((address,), ("-",)):
                    return

    def _receive(self) -> list[Message]:
        deadline = time.monotonic() + self._timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                datagram = self._socket.recv(MAX_DATAGRAM + 1)
            except TimeoutError:
                break
            except ConnectionError:
                raise NoAnswerError(f"no server answers on {self._where}; start one with: hallu serve") from None
            replies = [item for item in decode(datagram) if isinstance(item, Message)]
            if replies:
                return replies
        raise NoAnswerError(f"no answer from {self._where} within {self._timeout_s:g} s; is `hallu serve` running?")
