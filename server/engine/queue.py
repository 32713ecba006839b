"""One thread that does the work, fed by a bounded queue. It knows neither sockets nor sounds."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from core.commands.limits import MAX_REASON
from core.commands.reading import Command
from server.osc.packet import Message

log = logging.getLogger(__name__)

QUEUE_LIMIT = 256
PROGRESS_EVERY_S = 0.05
IDLE_S = 60.0


class Cancelled(Exception):  # noqa: N818 - no error: somebody asked for it
    """The request was cancelled; raised within its work. The message is the reason for /fail."""


def done(address: str, targets: tuple[str, ...] = ()) -> Message:
    """The reply that ends a command well."""
    return Message("/done", (address, *targets))


def fail(address: str, target: str, reason: str) -> Message:
    """The reply that ends a command badly; the reason is one line of at most MAX_REASON characters."""
    line = " ".join(reason.split()) or "no reason given"
    if len(line) > MAX_REASON:
        line = line[: MAX_REASON - 3] + "..."
    return Message("/fail", (address, target or "-", line))


class Request:
    """A command on its way through the engine: its sender, its progress, its one end.

    `client_rate` is the sample rate that the sender asked for; 0: none.
    """

    def __init__(self, command: Command, send: Callable[[Message], None], client_rate: int = 0) -> None:
        self.command = command
        self.client_rate = client_rate
        self._send = send
        self._lock = threading.Lock()
        self._cancelled = ""
        self._closed = False
        self._committed = False
        self._last_progress = 0.0

    def check(self) -> None:
        """Go on, unless the request is to stop.

        Raises:
            Cancelled: it is.
        """
        if self._cancelled:
            raise Cancelled(self._cancelled)

    def progress(self, finished: int, total: int) -> None:
        """Tell the sender how far the work is, not too often.

        Raises:
            Cancelled: it is to stop here.
        """
        self.check()
        now = time.monotonic()
        if not self.command.spec.progress or (finished < total and now - self._last_progress < PROGRESS_EVERY_S):
            return
        self._last_progress = now
        target = self.command.targets[0] if self.command.targets else "-"
        self._send(Message("/progress", (self.command.address, target, int(finished), int(total))))

    def commit(self) -> None:
        """From here on it cannot be cancelled.

        Raises:
            Cancelled: it was.
        """
        with self._lock:
            if self._cancelled:
                raise Cancelled(self._cancelled)
            self._committed = True

    def cancel(self, reason: str = "cancelled") -> bool:
        """Ask the work to stop; False when it is too late."""
        with self._lock:
            if self._committed or self._closed:
                return False
            self._cancelled = reason
            return True

    def succeed(self, replies: list[Message]) -> None:
        """Send the replies and /done, unless the request has ended already."""
        if self._close():
            for reply in replies:
                self._send(reply)
            self._send(done(self.command.address, self.command.targets))

    def fail(self, reason: str) -> None:
        """Send /fail, unless the request has ended already."""
        if self._close():
            target = self.command.targets[0] if self.command.targets else "-"
            self._send(fail(self.command.address, target, reason))

    def _close(self) -> bool:
        with self._lock:
            was, self._closed = self._closed, True
            return not was


class Work(Protocol):
    """What the engine does with requests."""

    def prepare(self) -> None:
        """Once, in the engine thread, before the first request."""

    def perform(self, request: Request) -> list[Message]:
        """The replies before /done. An exception becomes /fail."""

    def idle(self) -> None:
        """Now and then while nothing is to do."""


class Engine:
    """The queue and its thread."""

    def __init__(self, work: Work, limit: int = QUEUE_LIMIT) -> None:
        self._work = work
        self._limit = limit
        self._queue: deque[Request] = deque()
        self._running: Request | None = None
        self._stopping = False
        self._changed = threading.Condition()
        # A daemon: work within TensorFlow cannot be interrupted, and must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request; it fails at once when the queue is full."""
        with self._changed:
            if not self._stopping and len(self._queue) < self._limit:
                self._queue.append(request)
                self._changed.notify()
                return
        stopping = "the server is stopping"
        request.fail(stopping if self._stopping else f"the queue is full ({self._limit} requests); try again later")

    def cancel(self, target: str, reason: str = "cancelled") -> bool:
        """Stop all requests that have this target; False when there is none."""
        with self._changed:
            waiting = [request for request in self._queue if target in request.command.targets]
            for request in waiting:
                self._queue.remove(request)
            running = self._running
        for request in waiting:
            request.fail(reason)
        stopped = running is not None and target in running.command.targets and running.cancel(reason)
        return bool(waiting) or stopped

    def status(self) -> tuple[int, str]:
        """How many requests wait, and the target of the one that runs (or "-")."""
        with self._changed:
            running, waiting = self._running, len(self._queue)
        return waiting, running.command.targets[0] if running and running.command.targets else "-"

    def stop(self, patience_s: float = 1.5) -> bool:
        """Fail what waits, ask what runs to stop; True when the thread has ended in time."""
        reason = "the server is stopping"
        with self._changed:
            self._stopping = True
            waiting, running = list(self._queue), self._running
            self._queue.clear()
            self._changed.notify()
        if running:
            running.cancel(reason)
        for request in waiting:
            request.fail(reason)
        self._thread.join(patience_s)
        if running:
            running.fail(reason)
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
                    self._running = None if self._stopping else self._queue.popleft()
                    return self._running
            # Without the lock, for /status must not wait behind it.
            self._idle()

    def _idle(self) -> None:
        try:
            self._work.idle()
        except Exception:
            log.exception("tidying up went wrong")

    def _serve(self, request: Request) -> None:
        address = request.command.address
        try:
            request.succeed(self._work.perform(request))
        except Cancelled as reason:
            request.fail(str(reason))
        except (ValueError, OSError) as error:
            log.debug("%s: %s", address, error)
            request.fail(str(error))
        except Exception as error:
            log.exception("%s went wrong", address)
            request.fail(f"internal error: {type(error).__name__}: {error}")
