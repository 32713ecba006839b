"""An engine in a process of its own: kept running, and given the commands of its rooms."""

import logging
import multiprocessing
import queue
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from core import signals
from core.commands.reading import Command, target_of
from server.engine.request import fail
from server.osc.origin import Origin
from server.rooms import engine_main
from server.rooms.engine_main import EngineSettings, Order
from server.rooms.host import Chosen

log = logging.getLogger(__name__)

# Commands without their end; the engine's own queue is shorter.
MOST_OPEN = 1024
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _HEALTHY_S, _PATIENCE_S = 0.2, 30.0, 60.0, 3.0
_STOPPING = "the server is stopping"
_GONE = "the engine of this room ended; it is started again"


class ProcessHost:
    """Keeps one engine running, from a thread; see `server.rooms.host.RoomHost`.

    A second thread writes to it, so that nobody waits for an engine that does not read.
    """

    def __init__(self, settings: EngineSettings) -> None:
        """Prepare; `start` starts it."""
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._open: dict[int, tuple[Command, Origin]] = {}
        # A process that is started again opens them again.
        self._rooms: set[str] = set()
        self._number = 0
        self._connection: Connection | None = None
        self._process: BaseProcess | None = None
        self._connected = threading.Event()
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._run, self._write)]

    def start(self) -> None:
        """Start the process, and the threads."""
        for thread in self._threads:
            thread.start()

    def perform(self, command: Command, origin: Origin) -> None:
        """See `RoomHost`."""
        with self._lock:
            full = len(self._open) >= MOST_OPEN
            self._number += 1
            number = self._number
            if not full:
                self._open[number] = command, origin
        if full:
            return origin.reply(
                fail(command.address, target_of(command), f"{MOST_OPEN} requests wait; try again later")
            )
        what = (command.address, command.values, command.targets)
        self._orders.put(Order("perform", (number, *what, origin.client, origin.room, origin.preferences)))

    def open(self, room: str) -> None:
        """See `RoomHost`."""
        with self._lock:
            self._rooms.add(room)
        self._orders.put(Order("open", (room,)))

    def close(self, room: str) -> None:
        """See `RoomHost`."""
        with self._lock:
            self._rooms.discard(room)
        self._orders.put(Order("close", (room,)))

    def give_up(self, chosen: Chosen, reason: str) -> None:
        """See `RoomHost`."""
        with self._lock:
            clients = {origin.client for _, origin in self._open.values() if chosen(origin.client)}
        self._orders.put(Order("give_up", (frozenset(clients), reason)))

    def ask_to_stop(self) -> None:
        """Let the process end; what waits fails."""
        self._stopping.set()
        self._orders.put(Order("stop", ()))

    def wait(self, patience_s: float) -> None:
        """Wait until it has ended; one that does not, such as a stopped one, is killed."""
        self._threads[0].join(patience_s)
        if self._threads[0].is_alive() and self._process is not None:
            self._process.kill()
            self._threads[0].join(_PATIENCE_S)
        self._orders.put(None)
        self._fail_all(_STOPPING)

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            begun_s = time.monotonic()
            status = self._one_process()
            self._fail_all(_STOPPING if self._stopping.is_set() else _GONE)
            if self._stopping.is_set():
                return
            pause_s = _FIRST_PAUSE_S if time.monotonic() - begun_s > _HEALTHY_S else min(2 * pause_s, _LONGEST_PAUSE_S)
            log.warning("engine %d exited with status %s; restarting in %.1f s", self._settings.number, status, pause_s)
            self._stopping.wait(pause_s)

    def _one_process(self) -> int | None:
        """Run the engine until it ends; its exit status."""
        ours, its = self._context.Pipe()
        process = self._context.Process(
            target=engine_main.run, args=(its, self._settings), name=f"engine {self._settings.number}", daemon=True
        )
        # A terminal sends these to the whole group, also to a process that is just being started.
        with signals.deaf_children(*(number for number in signals.ending() if number != signal.SIGTERM)):
            process.start()
        self._process = process
        its.close()
        self._connection = ours
        with self._lock:
            for room in self._rooms:
                self._orders.put(Order("open", (room,)))
        self._connected.set()
        self._receive(ours)
        self._connected.clear()
        ours.close()
        process.join(_PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join(_PATIENCE_S)
        return process.exitcode

    def _receive(self, connection: Connection) -> None:
        """Pass replies on until the process has ended."""
        while True:
            try:
                number, message = connection.recv()
            except (EOFError, OSError):
                return
            with self._lock:
                last = message.address in ("/done", "/fail")
                _, origin = (self._open.pop if last else self._open.get)(number, (None, None))
            if origin is not None:
                origin.reply(message)

    def _write(self) -> None:
        while (order := self._orders.get()) is not None:
            # A process that is just being started gets what was asked for meanwhile.
            sent = self._connected.wait(_PATIENCE_S) and self._send(order)
            if not sent and order.what == "perform":
                self._fail(order.values[0], _GONE)

    def _send(self, order: Order) -> bool:
        """Send an order, unless it has failed already; False if nothing takes it."""
        with self._lock:
            ended = order.what == "perform" and order.values[0] not in self._open
        try:
            if not ended and self._connection is not None:
                self._connection.send(order)
        except (OSError, ValueError):
            return False
        return True

    def _fail(self, number: int, reason: str) -> None:
        with self._lock:
            found = self._open.pop(number, None)
        if found is not None:
            command, origin = found
            origin.reply(fail(command.address, target_of(command), reason))

    def _fail_all(self, reason: str) -> None:
        with self._lock:
            numbers = list(self._open)
        for number in numbers:
            self._fail(number, reason)


def stop_all(engines: Sequence[ProcessHost]) -> None:
    """End processes of engines, all at the same time."""
    for each in engines:
        each.ask_to_stop()
    end_s = time.monotonic() + _PATIENCE_S
    for each in engines:
        each.wait(max(0.0, end_s - time.monotonic()))
