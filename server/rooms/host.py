"""An engine with the rooms that it serves, in this process."""

import logging
import time
from collections.abc import Callable, Hashable
from typing import Protocol

from core.commands.reading import Command, Refusal, target_of
from server.engine.queue import EngineStatus
from server.engine.request import Request, done, fail
from server.osc.origin import Origin
from server.osc.packet import Message
from server.osc.queries import RoomContext, RoomFacts
from server.rooms.names import RoomError
from server.sinks.wav_spool import WavSpool
from server.table import FUNCTIONS, AtOnce, Queued

log = logging.getLogger(__name__)

Chosen = Callable[[Hashable], bool]


class RoomHost(Protocol):
    """Executes commands of rooms. All methods may be called from any thread, and none waits."""

    def perform(self, command: Command, origin: Origin) -> None:
        """Execute a command in its origin's room; it gets an end."""

    def open(self, room: str) -> None:
        """Somebody has come into a room."""

    def close(self, room: str) -> None:
        """Nobody uses a room at present."""

    def give_up(self, chosen: Chosen, reason: str) -> None:
        """Stop all requests of the clients that are chosen: they are gone."""


class EngineQueue(Protocol):
    """What a host needs of its engine."""

    def submit(self, request: Request) -> None:
        """Queue a request; it fails at once if the queue is full."""

    def status(self, room: str) -> EngineStatus:
        """What waits and what runs of a room."""

    def cancel(self, target: str, room: str) -> bool:
        """Stop all requests of a room that have this target; False if there are none."""

    def give_up(self, chosen: Chosen, reason: str) -> None:
        """Stop all requests of the clients that are chosen."""

    def wake(self) -> None:
        """Look for spare work."""


class RoomWork(Protocol):
    """What a host needs of its engine's work; see server/engine/work.py."""

    def facts(self, room: str) -> RoomFacts:
        """What is set in a room."""

    def want(self, room: str) -> None:
        """Open a room when nothing else is to do."""

    def leave(self, room: str) -> None:
        """Close a room."""


class LocalHost:
    """An engine of this process."""

    def __init__(self, engine: EngineQueue, work: RoomWork, spool: WavSpool, started_s: float | None = None) -> None:
        """Connect the engine, its work, and the spool whose folders the rooms have.

        Args:
            engine: see above.
            work: see above.
            spool: see above.
            started_s: when the server was started, on time.monotonic's clock, which processes share; None: now.
        """
        self._engine, self._work, self._spool = engine, work, spool
        self._started_s = time.monotonic() if started_s is None else started_s

    def perform(self, command: Command, origin: Origin) -> None:
        """See `RoomHost`."""
        function = FUNCTIONS[command.address]
        if isinstance(function, Queued):
            sink = origin.sink or self._spool.room(origin.room).sink(origin.preferences)
            request = Request(command, function.handler, sink, origin.reply, origin.client, function.lane, origin.room)
            return self._engine.submit(request)
        assert isinstance(function, AtOnce)
        answer(lambda: function.query(self._context(origin.room), command), command, origin)

    def open(self, room: str) -> None:
        """See `RoomHost`."""
        self._work.want(room)
        self._engine.wake()

    def close(self, room: str) -> None:
        """See `RoomHost`."""
        self._work.leave(room)
        self._engine.wake()

    def give_up(self, chosen: Chosen, reason: str) -> None:
        """See `RoomHost`."""
        self._engine.give_up(chosen, reason)

    def _context(self, room: str) -> RoomContext:
        return RoomContext(room, self._engine, self._work.facts(room), time.monotonic() - self._started_s)


def answer(query: Callable[[], list[Message]], command: Command, origin: Origin) -> None:
    """Answer a command at once: ValueError becomes /fail."""
    try:
        replies = query()
    except ValueError as error:
        origin.reply(fail(command.address, command.targets[0] if command.targets else "-", str(error)))
        return
    for reply in (*replies, done(command.address, command.targets)):
        origin.reply(reply)


def ended(execute: Callable[[], None], command: Command | Refusal, origin: Origin) -> None:
    """Execute a command, which gets an end whatever happens."""
    try:
        execute()
    except RoomError as error:
        origin.reply(fail(command.address, target_of(command), str(error)))
    except Exception as error:
        log.exception("%s failed", command.address)
        origin.reply(fail(command.address, "-", f"internal error: {error}"))
