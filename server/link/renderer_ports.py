"""The two ports to renderers: one publishes, and the one after it collects."""

import logging

import zmq

from server.link.door import Door, bind, port_of, rebind
from server.link.keyring import Keyring

log = logging.getLogger(__name__)

_TRIES = 20


class RendererPorts:
    """Two ZeroMQ sockets, and who may connect to them. Used by one thread, after it was made.

    Attributes:
        port: of the one that publishes.
    """

    def __init__(self, host: str, port: int, keyring: Keyring | None) -> None:
        """Bind `port` and the one after it; 0: any two.

        Args:
            host: where to listen.
            port: see above.
            keyring: who may connect; None: whoever reaches the ports.

        Raises:
            OSError: one of them is taken.
        """
        self._host, self._keyring = host, keyring
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.port = self._bind(port)
        self._poller = zmq.Poller()
        for socket in (self._door.socket, self._in):
            self._poller.register(socket, zmq.POLLIN)

    def _bind(self, port: int) -> int:
        for _ in range(1 if port else _TRIES):
            try:
                self._door = Door(self._context, self._keyring, "a renderer")
                self._out = bind(self._context, zmq.PUB, self._host, port, self._door.lock)
                found = port_of(self._out)
                self._in = bind(self._context, zmq.PULL, self._host, found + 1, self._door.lock)
                return found
            except zmq.ZMQError as error:
                reason = error.strerror
                # The first port was free, but not the one after it.
                self._context.destroy(linger=0)
                self._context = zmq.Context()
        raise OSError(f"cannot publish on {self._host}:{port} and the port after it: {reason}; see --image-port")

    def send(self, frames: list[bytes]) -> None:
        """Send a message to all renderers."""
        self._out.send_multipart(frames)

    def receive(self, most_ms: int) -> list[bytes] | None:
        """Wait for a message, at most so long, and let in who has a key; None: there is no message."""
        ready = dict(self._poller.poll(most_ms))
        if self._door.socket in ready:
            self._door.answer()
        return self._in.recv_multipart() if self._in in ready else None

    def shut_out(self) -> bool:
        """Disconnect renderers whose key was removed since the last time.

        ZeroMQ disconnects all or none, so the others have to connect again, which they do by themselves.

        Returns:
            Whether there were any.
        """
        if not self._door.removed():
            return False
        log.info("a renderer was disconnected: its key was removed")
        self._poller.unregister(self._in)
        for socket in (self._out, self._in):
            socket.close(linger=0)
        self._out = rebind(self._context, zmq.PUB, self._host, self.port, self._door.lock)
        self._in = rebind(self._context, zmq.PULL, self._host, self.port + 1, self._door.lock)
        self._poller.register(self._in, zmq.POLLIN)
        return True

    def close(self) -> None:
        """Free the ports, after a moment for the last messages."""
        self._context.destroy(linger=200)
