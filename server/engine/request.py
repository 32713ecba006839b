"""A command on its way through the engine, and the two replies that end every command."""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from core.commands.limits import MAX_REASON
from core.commands.reading import Command
from core.text import one_line
from server.engine.lanes import Lane
from server.osc.packet import Message
from server.rooms.names import MAIN

if TYPE_CHECKING:
    from server.sinks.sink import Sink
    from server.sounds.result import Handler, Rest

PROGRESS_EVERY_S = 0.05


def done(address: str, targets: tuple[str, ...] = ()) -> Message:
    """The reply that ends a command which succeeded."""
    return Message("/done", (address, *targets))


def fail(address: str, target: str, reason: str) -> Message:
    """The reply that ends a command which failed.

    The reason becomes one line of at most MAX_REASON characters; long paths and values in it are cut in their middle.
    """
    return Message("/fail", (address, target or "-", one_line(reason, MAX_REASON) or "no reason given"))


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The request was cancelled; raised within its work. The message is the reason for /fail."""


class Request:
    """A command, the function that handles it, its client, and its one end.

    `succeed`, `fail` and `cancel` may be called from any thread; the first end counts.

    Attributes:
        command: the checked message.
        handler: the function that handles it.
        sink: where the client gets its sounds.
        client: who sent it; clients take turns.
        room: the room that it is for; rooms take turns, too.
        lane: which requests it goes before.
        rest: what is still to be done for it, after a part of it; None: nothing.
        give_way: serves requests that may interrupt this one; it is called between two steps of long work.
    """

    def __init__(
        self,
        command: Command,
        handler: "Handler",
        sink: "Sink",
        send: Callable[[Message], None],
        client: Hashable = None,
        lane: Lane = Lane.RENDER,
        room: str = MAIN,
    ) -> None:
        self.command = command
        self.handler = handler
        self.sink = sink
        self.client = client
        self.lane = lane
        self.room = room
        self.rest: Rest | None = None
        self.give_way: Callable[[], None] = lambda: None
        self._send = send
        self._lock = threading.Lock()
        self._cancel_reason = ""
        self._closed = False
        self._committed = False
        self._last_progress_s = 0.0

    @property
    def first_target(self) -> str:
        """The first target, "-" if the command has none."""
        return self.command.targets[0] if self.command.targets else "-"

    @property
    def closed(self) -> bool:
        """Whether its /done or /fail has been sent."""
        return self._closed

    def check_cancelled(self) -> None:
        """Raise if the request has been cancelled.

        Raises:
            Cancelled: it has.
        """
        if self._cancel_reason:
            raise Cancelled(self._cancel_reason)

    def failed_if_cancelled(self) -> bool:
        """Send /fail if the request has been cancelled; True if it has ended, now or before."""
        if self._cancel_reason:
            self.fail(self._cancel_reason)
        return self._closed

    def progress(self, finished: int, total: int) -> None:
        """Report progress to the client, at most every PROGRESS_EVERY_S; the last step is always reported.

        Requests that may interrupt this one are served meanwhile.

        Raises:
            Cancelled: the request has been cancelled.
        """
        self.give_way()
        self.check_cancelled()
        now_s = time.monotonic()
        too_early = finished < total and now_s - self._last_progress_s < PROGRESS_EVERY_S
        if too_early or not self.command.spec.progress:
            return
        self._last_progress_s = now_s
        self._send(Message("/progress", (self.command.address, self.first_target, int(finished), int(total))))

    def commit(self) -> None:
        """Refuse to be cancelled from now on.

        Raises:
            Cancelled: it has been cancelled already.
        """
        with self._lock:
            self.check_cancelled()
            self._committed = True

    def cancel(self, reason: str = "cancelled") -> bool:
        """Ask the work to stop; False if it is too late."""
        with self._lock:
            if self._committed or self._closed:
                return False
            self._cancel_reason = reason
            return True

    def reply(self, replies: Sequence[Message]) -> None:
        """Send replies of a request that goes on."""
        for message in replies:
            self._send(message)

    def succeed(self, replies: Sequence[Message]) -> None:
        """Send the replies and /done, unless the request has ended already."""
        if self._close():
            for reply in (*replies, done(self.command.address, self.command.targets)):
                self._send(reply)

    def fail(self, reason: str) -> None:
        """Send /fail, unless the request has ended already."""
        if self._close():
            self._send(fail(self.command.address, self.first_target, reason))

    def _close(self) -> bool:
        with self._lock:
            was_closed, self._closed = self._closed, True
            return not was_closed
