"""`hallu bridge`: connect socket, line and folders, and stop them at the end."""

import logging
import os
import signal
import socket
import stat
import time
from pathlib import Path

from core import errors, hosts, log_limit, signals
from renderer.ipc import keys
from renderer.ipc.keys import LinkKeys
from server.osc.udp import OscSocket
from server.remote.bridge import Bridge
from server.remote.home_files import HomeFiles
from server.remote.settings import PAGE_PORT, BridgeSettings
from server.sinks.wav_spool import WavSpool

log = logging.getLogger(__name__)


def bridge(settings: BridgeSettings) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP.

    Returns:
        The exit status: 130 after SIGINT, as from Ctrl-C; 0 after the others.

    Raises:
        OSError: the port is taken, a folder cannot be created, or there is no key file.
        ValueError: it holds no keys.
    """
    link_keys = None if settings.no_key else _keys(settings.key)
    osc = OscSocket(settings.host, settings.port)
    page = _listener(settings.page_port)
    files = HomeFiles(WavSpool(settings.spool, settings.spool_limit), settings.pictures)
    log_limit.limit_root()
    running = Bridge(settings.server, link_keys, osc, files, page)
    # Without a lock, such as that of an Event: the handler interrupts the thread that may hold it.
    received = list[int]()
    signals.on_end(lambda number, frame: received.append(number))
    if not hosts.is_loopback(settings.host):
        log.warning("listening on %s: everybody who reaches this address can play", settings.host)
    running.start()
    print(f"ready {osc.name}", flush=True)
    while not received:
        time.sleep(0.1)
    running.stop()
    osc.close()
    page.close()
    return errors.INTERRUPTED if signal.SIGINT in received else errors.OK


def _keys(path: Path) -> LinkKeys:
    """The keys in a file.

    Raises:
        OSError: there is none; the message says how to make one.
        ValueError: it holds no keys.
    """
    try:
        found = keys.read(path)
    except FileNotFoundError:
        how = "`hallu keys add NAME` on the server makes one; give it here with --key"
        raise FileNotFoundError(f"there is no key file {path}; {how}") from None
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        log.warning("others on this machine can read %s, and play with it; chmod 600 %s", path, path)
    return found


def _listener(port: int | None) -> socket.socket:
    """What listens for browsers on this machine.

    Raises:
        OSError: the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        _bind(listener, PAGE_PORT if port is None else port)
    except OSError as error:
        if port is not None:
            listener.close()
            raise OSError(f"cannot serve the page on port {port}: {error.strerror or error}") from None
        _bind(listener, 0)
    listener.listen(50)
    listener.setblocking(False)
    return listener


def _bind(listener: socket.socket, port: int) -> None:
    listener.bind(("127.0.0.1", port))
