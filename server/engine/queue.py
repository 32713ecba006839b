"""The engine: one thread that does the work, fed by a bounded queue. It knows neither sockets nor sounds."""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core import errors
from server.engine.fair_queue import FairQueue
from server.engine.lanes import Lane, may_interrupt
from server.engine.request import Cancelled, Request
from server.osc.packet import Message
from server.rooms.names import MAIN

if TYPE_CHECKING:
    from server.sounds.result import Rest

log = logging.getLogger(__name__)

QUEUE_LIMIT = 256
IDLE_S = 60.0
SPARE_AFTER_S = 0.2
# Spare work needs so many times as long as it took the last time, until a part is due; what it took is half forgotten
# after a while. If there is less, it is looked at again soon.
SPARE_ROOM, SPARE_FORGOTTEN_S, SPARE_AGAIN_S = 2.0, 20.0, 0.05
# After so many live requests in a row a long one does its next step, so that a flood of notes cannot stop it.
LIVE_IN_A_ROW = 64
_STOPPING = "the server is stopping"


class Work(Protocol):
    """What the engine does with requests."""

    def prepare(self) -> None:
        """Run once, in the engine thread, before the first request."""

    def perform(self, request: Request) -> Sequence[Message]:
        """Do a request, or the next part of it.

        Returns:
            Replies. They come before /done, unless `request.rest` has been set: then the request goes on.

        Raises:
            Exception: becomes /fail.
        """

    def idle(self) -> None:
        """Run every IDLE_S while no request waits."""

    def spare(self) -> bool:
        """Do a little work that may be of use later, when nothing has been asked for SPARE_AFTER_S, but for streams.

        Returns:
            False if there is none left.
        """


@dataclass(frozen=True)
class EngineStatus:
    """How many requests wait, and the first target of the one that runs ("-": none)."""

    waiting: int
    busy_target: str


class Engine:
    """The queue and its thread. All methods may be called from any thread.

    In this order: parts that are due, live requests, parts that are ready, other requests in turn, spare work.
    """

    def __init__(self, work: Work, limit: int = QUEUE_LIMIT) -> None:
        self._work = work
        self._limit = limit
        self._queue = FairQueue(limit)
        # Requests that are being served: a long one, and one that interrupts it.
        self._running: list[Request] = []
        # Requests of which a part has been done.
        self._parts: list[Request] = []
        self._stopping = False
        self._live = 0
        self._served_s = float("-inf")
        self._cleaned_s = time.monotonic()
        self._spare = True
        # When something was done last that nobody had asked for, and how long it took.
        self._spared_s = self._spare_took_s = 0.0
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

    def wake(self) -> None:
        """Look for spare work: there may be some without a request."""
        with self._changed:
            self._spare = True
            self._changed.notify()

    def cancel(self, target: str, room: str = MAIN, reason: str = "cancelled") -> bool:
        """Stop all requests of a room that have this target; False if there are none."""
        return self._cancel(lambda request: request.room == room and target in request.command.targets, reason)

    def give_up(self, chosen: Callable[[Hashable], bool], reason: str) -> None:
        """Stop all requests of the clients that are chosen: they are gone."""
        self._cancel(lambda request: chosen(request.client), reason)

    def status(self, room: str = MAIN) -> EngineStatus:
        """What waits and what runs of a room."""
        with self._changed:
            running = [request for request in self._running if request.room == room]
            waiting = self._queue.count(room)
        return EngineStatus(waiting, running[0].first_target if running else "-")

    def stop(self, patience_s: float = 1.5) -> bool:
        """Fail the requests that wait and ask the running ones to stop; True if the thread has ended in time."""
        with self._changed:
            self._stopping = True
            running = list(self._running)
            self._changed.notify()
        self._cancel(lambda _: True, _STOPPING)
        self._thread.join(patience_s)
        for request in running:
            request.fail(_STOPPING)
        return not self._thread.is_alive()

    def _cancel(self, chosen: Callable[[Request], bool], reason: str) -> bool:
        with self._changed:
            running = [request for request in self._running if chosen(request)]
            parted = [request for request in self._parts if chosen(request)]
            self._parts = [request for request in self._parts if request not in parted]
            stopped = [*self._queue.remove(chosen), *parted]
            # With the lock: so that `_serve` sees it before it puts a request among those with parts.
            asked = [request.cancel(reason) for request in running]
        for request in stopped:
            request.fail(reason)
        return any([*stopped, *asked])

    def _run(self) -> None:
        try:
            self._work.prepare()
        except Exception:
            log.exception("the engine could not prepare")
        while not self._stopping:
            with self._changed:
                request = self._next()
                if request is None and not self._stopping and self._spare_in_s() > 0:
                    self._changed.wait(self._patience_s())
                    request = self._next()
            if request is not None:
                self._serve(request)
            elif not self._stopping:
                self._unasked()

    def _next(self, running: Request | None = None) -> Request | None:
        """Take the next request, or the next part of one; only those that may interrupt `running`, if it is given."""
        if self._stopping:
            return None
        now_s = time.monotonic()
        ready = sorted((one for one in self._parts if _rest(one).ready_s <= now_s), key=lambda one: _rest(one).due_s)
        if ready and _rest(ready[0]).due_s <= now_s:
            found: Request | None = ready[0]
        else:
            flood = self._live >= LIVE_IN_A_ROW
            found = None if flood else self._queue.take_live(lambda one: running is None or may_interrupt(one, running))
            self._live += found is not None
            found = found or (ready[0] if ready else None)
        if found is None and running is None and len(self._queue):
            found, self._live = self._queue.take(), 0
        if found in self._parts:
            self._parts.remove(found)
        if found is not None:
            self._running.append(found)
        return found

    def _spare_in_s(self) -> float:
        """In how many seconds something may be done that nobody has asked for; inf: there is nothing."""
        now_s = time.monotonic()
        wait_s = self._served_s + SPARE_AFTER_S - now_s if self._spare else float("inf")
        left_s = min((_rest(one).due_s - now_s for one in self._parts), default=float("inf"))
        # What it took the last time counts less and less, since the machine may have other things to do now.
        takes_s = self._spare_took_s * 0.5 ** ((now_s - self._spared_s) / SPARE_FORGOTTEN_S)
        return wait_s if left_s >= SPARE_ROOM * takes_s else max(wait_s, SPARE_AGAIN_S)

    def _patience_s(self) -> float:
        """How long nothing will be to do if nothing is sent."""
        now_s = time.monotonic()
        until = [_rest(one).ready_s - now_s for one in self._parts]
        return max(0.0, min([IDLE_S, self._spare_in_s(), *until]))

    def _unasked(self) -> None:
        """What is done without a request. Without the lock, for /status must not wait for it."""
        now_s = time.monotonic()
        try:
            if self._spare_in_s() <= 0:
                self._spare = self._work.spare()
                self._spared_s = time.monotonic()
                self._spare_took_s = self._spared_s - now_s
            if now_s - self._cleaned_s >= IDLE_S:
                self._cleaned_s = now_s
                self._work.idle()
        except Exception:
            self._spare = False
            log.exception("cleaning up failed")

    def _serve(self, request: Request) -> None:
        request.give_way = lambda: self._give_way(request)
        try:
            self._perform(request)
        finally:
            with self._changed:
                self._running.remove(request)
                # A stream and its client's clock go on all the time, and leave time to spare.
                if request.rest is None and request.lane is not Lane.CLOCK:
                    self._served_s, self._spare = time.monotonic(), True
                # One that was cancelled during this part fails now, not when its next part is ready.
                if request.rest is not None and not request.failed_if_cancelled():
                    self._parts.append(request)

    def _give_way(self, running: Request) -> None:
        """Serve what may interrupt a request that takes long."""
        if threading.current_thread() is not self._thread or self._running[-1:] != [running] or running.lane.live:
            return
        self._live = 0
        while True:
            with self._changed:
                request = self._next(running)
            if request is None:
                return
            self._serve(request)

    def _perform(self, request: Request) -> None:
        address = request.command.address
        try:
            replies = self._work.perform(request)
            if request.rest is None:
                request.succeed(replies)
            else:
                request.reply(replies)
        except Cancelled as reason:
            request.fail(str(reason))
        except (ValueError, OSError) as error:
            log.debug("%s: %s", address, error)
            request.fail(errors.sentence(error))
        except Exception as error:
            log.exception("%s failed", address)
            request.fail(f"internal error: {type(error).__name__}: {error}")


def _rest(request: Request) -> "Rest":
    assert request.rest is not None
    return request.rest
