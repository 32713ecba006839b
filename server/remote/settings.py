"""Settings of `hallu bridge`, frozen and checked once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core import checks, hosts
from core.files.user_folders import data_dir
from server.settings import PORT, REMOTE_PORT
from server.sinks.spool_limit import LIMIT

PAGE_PORT = 7773


@dataclass(frozen=True)
class BridgeSettings:
    """The settings of a bridge.

    Attributes:
        server: the HOST:PORT of the server.
        key: the key file.
        no_key: the server asks for none.
        host: where to listen for Pd.
        port: UDP; 0: any free one.
        spool: where WAV files go.
        spool_limit: bytes of all WAV files there.
        pictures: where pictures go.
        page_port: of the page here; None: PAGE_PORT, or any if it is taken; 0: any.

    Raises:
        ValueError: a port is out of range, or a server elsewhere is to be reached without a key.
    """

    server: str
    key: Path = field(default_factory=lambda: data_dir() / "bridge.key")
    no_key: bool = False
    host: str = "127.0.0.1"
    port: int = PORT
    spool: Path = field(default_factory=lambda: data_dir() / "bridge")
    spool_limit: int = LIMIT
    pictures: Path = field(default_factory=lambda: data_dir() / "pictures")
    page_port: int | None = None

    def __post_init__(self) -> None:
        for name, port in (("--port", self.port), ("--page-port", self.page_port or 0)):
            checks.whole(name, port, 0, 65535)
        if self.no_key and not hosts.is_loopback(self.server.rpartition(":")[0].strip("[]")):
            raise ValueError(f"--no-key is for a server on this machine, such as the end of ssh -L, not {self.server}")

    @classmethod
    def of(cls, server: str, **given: Any) -> "BridgeSettings":
        """The settings for a server by HOST, HOST:PORT, or [HOST]:PORT.

        Raises:
            ValueError: it is none of these.
        """
        try:
            parts = urlsplit(f"//{server}")
            host, port = hosts.plain(parts.hostname or ""), REMOTE_PORT if parts.port is None else parts.port
        except ValueError:
            host, port = "", 0
        if not host or not port or parts.netloc != server or parts.username is not None:
            raise ValueError(f"a server must be HOST or HOST:PORT, not {server!r:.80}")
        return cls(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", **given)
