"""Wake a thread that waits for sockets."""

import socket
from contextlib import suppress


class Wake:
    """A pair of sockets: `set` makes the first one readable, from any thread."""

    def __init__(self) -> None:
        self._waiting, self._setting = socket.socketpair()
        self._waiting.setblocking(False)
        self._setting.setblocking(False)

    def fileno(self) -> int:
        """What to wait for."""
        return self._waiting.fileno()

    def set(self) -> None:
        """Wake the thread; without effect if that has been done, or it has ended."""
        with suppress(OSError):
            self._setting.send(b"\0")

    def clear(self) -> None:
        """Wait again for the next `set`."""
        with suppress(OSError):
            while self._waiting.recv(4096):
                pass

    def close(self) -> None:
        """Close both."""
        self._waiting.close()
        self._setting.close()
