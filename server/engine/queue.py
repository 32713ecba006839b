"""The engine: one thread that does the work, fed by a bounded queue. It knows neither sockets nor sounds."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core import errors
from server.engine.fair_queue import FairQueue
from server.engine.request import Cancelled, Request
from server.osc.packet import Message

log = logging.getLogger(__name__)

QUEUE_LIMIT = 256
IDLE_S = 60.0
_STOPPING = "the server is stopping"


class Work(Protocol):
    """What the engine does with requests."""

    def prepare(self) -> None:
        """Run once, in the engine thread, before the first request."""

    def perform(self, request: Request) -> Sequence[Message]:
        """Return the replies before /done. An exception becomes /fail."""

    def idle(self) -> None:
        """Run every IDLE_S while no request waits."""


@dataclass(frozen=True)
class EngineStatus:
    """How many requests wait, and the first target of the one that runs ("-": none)."""

    waiting: int
    busy_target: str


class Engine:
    """The queue and its thread. All methods may be called from any thread."""

    def __init__(self, work: Work, limit: int = QUEUE_LIMIT) -> None:
        self._work = work
        self._limit = limit
        self._queue = FairQueue(limit)
        self._running: Request | None = None
        self._stopping = False
        self._changed = threading.Condition()
        # A daemon: work within a network cannot be interrupted, and must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request; if the queue is full, one of the client with most requests in it fails."""
        with self._changed:
            stopping = self._stopping
            refused = request if stopping else self._queue.put(request)
            self._changed.notify()
        if refused is not None:
            full = f"the queue is full ({self._limit} requests); try again later"
            refused.fail(_STOPPING if stopping else full)

    def cancel(self, target: str, reason: str = "cancelled") -> bool:
        """Stop all requests that have this target; False if there are none."""
        with self._changed:
            waiting = self._queue.remove(lambda request: target in request.command.targets)
            running = self._running
        for request in waiting:
            request.fail(reason)
        stopped = running is not None and target in running.command.targets and running.cancel(reason)
        return bool(waiting) or stopped

    def status(self) -> EngineStatus:
        """What waits and what runs."""
        with self._changed:
            running, waiting = self._running, len(self._queue)
        return EngineStatus(waiting, running.first_target if running else "-")

    def stop(self, patience_s: float = 1.5) -> bool:
        """Fail the requests that wait and ask the running one to stop; True if the thread has ended in time."""
        with self._changed:
            self._stopping = True
            waiting, running = self._queue.remove(lambda _: True), self._running
            self._changed.notify()
        if running:
            running.cancel(_STOPPING)
        for request in waiting:
            request.fail(_STOPPING)
        self._thread.join(patience_s)
        if running:
            running.fail(_STOPPING)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work.prepare()
        except Exception:
            log.exception("the engine could not prepare")
        while (request := self._next()) is not None:
            self._serve(request)
            with self._changed:
                self._running = None

    def _next(self) -> Request | None:
        while True:
            with self._changed:
                if not self._queue and not self._stopping:
                    self._changed.wait(IDLE_S)
                if self._queue or self._stopping:
                    self._running = None if self._stopping else self._queue.take()
                    return self._running
            # Without the lock, for /status must not wait for it.
            self._idle()

    def _idle(self) -> None:
        try:
            self._work.idle()
        except Exception:
            log.exception("cleaning up failed")

    def _serve(self, request: Request) -> None:
        address = request.command.address
        try:
            request.succeed(self._work.perform(request))
        except Cancelled as reason:
            request.fail(str(reason))
        except (ValueError, OSError) as error:
            log.debug("%s: %s", address, error)
            request.fail(errors.sentence(error))
        except Exception as error:
            log.exception("%s failed", address)
            request.fail(f"internal error: {type(error).__name__}: {error}")
