"""Who may connect to the sockets of a ZeroMQ context: its question (ZAP, ZeroMQ's RFC 27) answered from a keyring."""

import logging
import time
from collections.abc import Callable

import zmq
from zmq.utils import z85

from server.link.keyring import Keyring

log = logging.getLogger(__name__)

_ZAP, _KEY_BYTES = "inproc://zeromq.zap.01", 32
# More clients than this at a time get no answer.
_MOST_RECEIVED, _MOST_WAITING = 1 << 20, 128
_TRIES, _PAUSE_S = 100, 0.02


class Door:
    """The socket on which a context asks. Open it before the others, so that nobody is let in unasked."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", keyring: Keyring | None, who: str) -> None:
        """Open it.

        Args:
            context: that of the sockets.
            keyring: who may connect; None: whoever reaches the ports.
            who: what connects, for the log: "a renderer".
        """
        self._keyring, self._who = keyring, who
        self._let_in: set[bytes] = set()
        self.socket = context.socket(zmq.REP)
        self.socket.bind(_ZAP)

    def lock(self, socket: "zmq.Socket[bytes]") -> None:
        """Let only clients with a key connect to a socket, unless everybody may."""
        if self._keyring:
            socket.curve_server, socket.curve_publickey = True, self._keyring.public.encode()
            socket.curve_secretkey = self._keyring.secret.encode()

    def answer(self) -> None:
        """Answer the question that waits."""
        request = self.socket.recv_multipart()
        version, number, mechanism, key = request[0], request[1], request[5], b"".join(request[6:])
        name = self._name(mechanism, key)
        if name is None:
            log.warning("%s was refused: its key is unknown; `hallu keys add NAME` makes one", self._who)
        status = (b"200", b"OK") if name is not None else (b"400", b"unknown key")
        self.socket.send_multipart([version, number, *status, (name or "").encode(), b""])

    def _name(self, mechanism: bytes, key: bytes) -> str | None:
        """The public key of a client that may connect, "" where all may; None: it may not."""
        if self._keyring is None:
            return ""
        if mechanism != b"CURVE" or len(key) != _KEY_BYTES:
            return None
        public = z85.encode(key)
        if not self._keyring.allows(public):
            return None
        self._let_in.add(public)
        return public.decode()

    def removed(self) -> bool:
        """Whether a key that was let in has been removed since the last time."""
        if self._keyring is None:
            return False
        gone = {public for public in self._let_in if not self._keyring.allows(public)}
        self._let_in -= gone
        return bool(gone)


def bind(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: int,
    host: str,
    port: int,
    prepare: Callable[["zmq.Socket[bytes]"], None],
) -> "zmq.Socket[bytes]":
    """A socket that listens on a host and a port (0: any free one), with bounded queues.

    A peer that does not read gets no more than a number of messages, and none is kept for one that is away.

    Raises:
        zmq.ZMQError: the host is not one of this machine, or the port is taken.
    """
    socket = context.socket(kind)
    socket.ipv6, socket.maxmsgsize = ":" in host, _MOST_RECEIVED
    socket.sndhwm = socket.rcvhwm = _MOST_WAITING
    # A peer whose machine has vanished is noticed, and its memory freed.
    socket.heartbeat_ivl, socket.heartbeat_timeout, socket.heartbeat_ttl = 5000, 15000, 15000
    prepare(socket)
    socket.bind(f"tcp://{f'[{host}]' if ':' in host else host}:{port or '*'}")
    return socket


def rebind(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: int,
    host: str,
    port: int,
    prepare: Callable[["zmq.Socket[bytes]"], None],
) -> "zmq.Socket[bytes]":
    """As `bind`, in place of a socket that was closed just now: the system needs a moment to free its port."""
    for _ in range(_TRIES):
        try:
            return bind(context, kind, host, port, prepare)
        except zmq.ZMQError:
            time.sleep(_PAUSE_S)
    return bind(context, kind, host, port, prepare)


def port_of(socket: "zmq.Socket[bytes]") -> int:
    """The port on which a socket listens."""
    return int(socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
