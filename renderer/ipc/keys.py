"""Keys of the link between a server and renderers (CURVE), and the files that hold them."""

import json
import logging
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import zmq

from core import checks
from core.files import atomic, json_files

log = logging.getLogger(__name__)

VERSION = 1
# A key of CURVE in Z85, the form in which ZeroMQ takes it.
_Z85 = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


@dataclass(frozen=True)
class LinkKeys:
    """What a renderer needs to reach a server that asks for keys; each is 40 characters of Z85.

    Attributes:
        server: the server's public key.
        public: the renderer's own public key, which the server knows.
        secret: its secret key.

    Raises:
        ValueError: one of them is not a key.
    """

    server: str
    public: str
    secret: str

    def __post_init__(self) -> None:
        for name in ("server", "public", "secret"):
            check_key(name, getattr(self, name))

    def secure(self, socket: "zmq.Socket[Any]") -> None:
        """Let a socket connect with these keys only."""
        socket.curve_serverkey, socket.curve_publickey = self.server.encode(), self.public.encode()
        socket.curve_secretkey = self.secret.encode()

    def text(self) -> str:
        """The keys as one line of JSON."""
        return json.dumps({"hallu_keys": VERSION, **asdict(self)})


def pair() -> tuple[str, str]:
    """A new public and secret key."""
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


def check_key(name: str, key: Any) -> str:
    """A key, returned as it is.

    Raises:
        ValueError: it is not one; the message does not show it.
    """
    if not isinstance(key, str) or not _Z85.fullmatch(key):
        raise ValueError(f"{name} must be a key of 40 characters")
    return key


def write(path: Path, keys: LinkKeys) -> None:
    """Write a key file that only its owner can read.

    Raises:
        OSError: it cannot be written.
    """
    atomic.write_text(path, keys.text() + "\n", private=True)


def read(path: Path) -> LinkKeys:
    """Read a key file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not one.
    """
    values = json_files.read_object(path)
    warn_if_shared(path)
    return _keys(values, str(path))


def warn_if_shared(path: Path) -> None:
    """Log that a file with a secret key can be read by others, where the system has such permissions."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        log.warning("%s can be read or written by others; keep it for yourself: chmod 600 '%s'", path, path)


def parse(text: str) -> LinkKeys:
    """The keys in one line of JSON, as a server gives them to the renderer that it starts.

    Raises:
        ValueError: there are none.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    return _keys(values if isinstance(values, dict) else {}, "standard input")


def _keys(values: dict[str, Any], where: str) -> LinkKeys:
    if values.get("hallu_keys") != VERSION:
        raise ValueError(f"{where} holds no keys of a server; `hallu keys add NAME` makes a file with them")
    try:
        return LinkKeys(*(values.get(name) for name in ("server", "public", "secret")))  # type: ignore[arg-type]
    except ValueError as error:
        raise checks.mismatch(where, f"hold keys ({error})", "others") from None
