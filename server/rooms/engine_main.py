"""What runs in the process of an engine: rooms, their queue, and a pipe to the server.

Rooms with pictures stay in the server's own process, so an engine has no renderer.
"""

import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core import families, log_limit
from core.commands.reading import Command
from core.commands.table import COMMANDS
from server.catalog import Catalog
from server.engine.queue import Engine
from server.engine.work import EngineWork
from server.osc.origin import Origin
from server.osc.packet import Message
from server.rooms.folders import RoomFolders
from server.rooms.host import LocalHost, ended
from server.rooms.room import RoomStore
from server.sinks.wav_spool import WavSpool

SWITCH_S = 0.001
_PATIENCE_S = 1.0


@dataclass(frozen=True)
class EngineSettings:
    """What a process of an engine needs to know.

    Attributes:
        number: of the engine, for the log.
        models: the models folders.
        folders: where rooms are kept.
        spool: where WAV files go.
        spool_limit: bytes of all of them.
        confined: whether clients may name sound files of their room's folder only.
        load: the checkpoint of new rooms.
        engine: see `ServerSettings`.
        precision: see `ServerSettings`.
        threads: how many the networks may use.
        level: of the log.
        started_s: when the server was started, on time.monotonic's clock; None: with the engine.
    """

    number: int
    models: tuple[Path, ...]
    folders: RoomFolders
    spool: Path
    spool_limit: int
    confined: bool
    load: str | None
    engine: str
    precision: str
    threads: int
    level: int = logging.INFO
    started_s: float | None = None


@dataclass(frozen=True)
class Order:
    """A message to the process: perform, open, close, give_up or stop."""

    what: str
    values: tuple[Any, ...]


class NoPictures:
    """Follows what happens in rooms without pictures."""

    def loaded(self, name: str, latent_size: int, sample_rate: int) -> None:
        """Nobody has to know."""

    def busy(self, busy: bool) -> None:
        """Nobody has to know."""

    def rendered(self, sound: object) -> None:
        """Nobody has to know."""

    def play(self, target: str, position_s: float) -> None:
        """Nobody has to know."""

    def watch_frames(self) -> None:
        """Nobody has to know."""


def run(connection: Connection, settings: EngineSettings) -> None:
    """Serve rooms until the server says stop, or is gone."""
    # Where there are no masks of signals, too, the server says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = str(settings.threads)
    sys.setswitchinterval(SWITCH_S)
    logging.basicConfig(level=logging.WARNING, format=f"engine {settings.number}: %(message)s", stream=sys.stderr)
    for package in ("server", "core"):
        logging.getLogger(package).setLevel(settings.level)
    log_limit.limit_root()
    spool = WavSpool(settings.spool, settings.spool_limit)
    work = _work(settings, spool)
    engine = Engine(work)
    engine.start()
    replies: queue.SimpleQueue[tuple[int, Message] | None] = queue.SimpleQueue()
    # A thread of its own, so that no engine waits for the server.
    writer = threading.Thread(target=_write, args=(connection, replies), daemon=True)
    writer.start()
    _obey(connection, LocalHost(engine, work, spool, settings.started_s), replies)
    stopped = engine.stop()
    replies.put(None)
    writer.join(_PATIENCE_S)
    connection.close()
    if not stopped:
        # A network is still computing in its thread; to end the interpreter under it would crash.
        os._exit(0)


def _work(settings: EngineSettings, spool: WavSpool) -> EngineWork:
    loader = partial(families.load, engine=settings.engine, precision=settings.precision)
    sounds = (spool.folder,) if settings.confined else None
    catalog = Catalog(settings.models, loader, sounds, foley_loader=partial(loader, kind="foley"))
    store = RoomStore(settings.folders, spool)
    return EngineWork(catalog, None, NoPictures(), load=settings.load, idle=spool.clean, store=store)


def _obey(connection: Connection, host: LocalHost, replies: "queue.SimpleQueue[Any]") -> None:
    """Carry out orders until the server says stop."""
    orders: dict[str, Callable[..., None]] = {
        "perform": partial(_perform, host, replies),
        "open": host.open,
        "close": host.close,
        "give_up": lambda clients, reason: host.give_up(clients.__contains__, reason),
    }
    while True:
        try:
            order = connection.recv()
        except (EOFError, OSError):
            # The server was killed. What it was asked for is nobody's any more.
            os._exit(0)
        if order.what == "stop":
            return
        orders[order.what](*order.values)


def _perform(host: LocalHost, replies: "queue.SimpleQueue[Any]", number: int, *what: Any) -> None:
    address, values, targets, client, room, preferences = what
    command = Command(COMMANDS[address], values, targets)
    origin = Origin(client, lambda message: replies.put((number, message)), room, preferences)
    ended(lambda: host.perform(command, origin), command, origin)


def _write(connection: Connection, replies: "queue.SimpleQueue[tuple[int, Message] | None]") -> None:
    while (reply := replies.get()) is not None:
        try:
            connection.send(reply)
        except OSError:
            os._exit(0)
