"""Dispatch OSC messages: queries are answered at once, the rest goes to the engine or to the renderer."""

import logging
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.commands.reading import Command, Refusal, printable, read
from core.commands.spec import Executor
from core.commands.table import REPLIES
from core.progress import Progress
from server.engine.request import Request, done, fail
from server.osc.clients import Address, ClientPreferences, Clients
from server.osc.packet import FUDI, Message, PacketError, decode
from server.osc.queries import EngineControl, PlaybackListener, QueryContext
from server.session import Session
from server.sinks.sink import Sink
from server.table import FUNCTIONS, AtOnce

log = logging.getLogger(__name__)


class EngineQueue(EngineControl, Protocol):
    """What the dispatcher needs of the engine."""

    def submit(self, request: Request) -> None:
        """Queue a request; it fails at once if the queue is full."""


class RendererLink(PlaybackListener, Protocol):
    """What the dispatcher needs of the link to the renderer; see server/link/publisher.py."""

    def ask(
        self,
        address: str,
        values: Mapping[str, Any],
        answer: Callable[[list[Message], str], None],
        progress: Progress | None = None,
        later: Callable[[Message], None] | None = None,
    ) -> None:
        """Let the renderer execute a command."""


@dataclass(frozen=True)
class Origin:
    """Where a command came from.

    Attributes:
        client: whose turn in the queue it takes.
        reply: sends a reply there.
        sink: returns what delivers sounds there.
    """

    client: Hashable
    reply: Callable[[Message], None]
    sink: Callable[[], Sink]


class Dispatcher:
    """Handles datagrams, in the receive thread, and commands that came another way; it never waits."""

    def __init__(
        self,
        engine: EngineQueue,
        renderer: RendererLink,
        send: Callable[[Message, Address], None],
        session: Callable[[], Session],
        sink: Callable[[ClientPreferences], Sink],
        unsaved: Callable[[], str] = str,
    ) -> None:
        """Connect the parts.

        Args:
            engine: gets the commands that take time.
            renderer: gets the commands for images.
            send: sends a reply.
            session: returns the present session.
            sink: returns what delivers sounds to a client with these preferences.
            unsaved: returns why the session cannot be saved at present; "": it is saved.
        """
        self._engine = engine
        self._renderer = renderer
        self._send = send
        self._sink = sink
        self._clients = Clients()
        self._fudi_logged = False
        self._context = QueryContext(engine, renderer, self._clients, session, time.monotonic(), unsaved)

    def handle(self, datagram: bytes, sender: Address) -> None:
        """Answer, queue or forward every message in a datagram, in order; each gets an end."""
        for item in parse(datagram):
            log.debug("%s: %s", sender, item)
            if isinstance(item, Refusal):
                self._log_fudi(item.reason)
            self.perform(item, self._origin(item, sender))

    def perform(self, item: Command | Refusal, origin: Origin) -> None:
        """Answer, queue or forward a command, from any thread; it gets an end."""
        try:
            self._dispatch(item, origin)
        except Exception as error:
            log.exception("%s failed", item.address)
            origin.reply(fail(item.address, "-", f"internal error: {error}"))

    def _origin(self, item: Command | Refusal, sender: Address) -> Origin:
        def reply(message: Message) -> None:
            self._send(message, self._clients.reply_address(sender))

        # What waits for the engine is answered where the client wanted it when it asked.
        to = self._clients.reply_address(sender)
        waits = isinstance(item, Command) and item.spec.executor is Executor.ENGINE
        answer = (lambda message: self._send(message, to)) if waits else reply
        return Origin(sender, answer, lambda: self._sink(self._clients.preferences(sender)))

    def _dispatch(self, item: Command | Refusal, origin: Origin) -> None:
        if isinstance(item, Refusal):
            origin.reply(fail(item.address, item.target, item.reason))
        elif item.spec.executor is Executor.RENDERER:
            self._forward(item, origin)
        else:
            function = FUNCTIONS[item.address]
            if isinstance(function, AtOnce):
                self._answer(function, item, origin)
            else:
                self._engine.submit(
                    Request(item, function.handler, origin.sink(), origin.reply, origin.client, function.lane)
                )

    def _log_fudi(self, reason: str) -> None:
        """Report Pd's text in the log, once: who sends it cannot read the reply either."""
        if reason == FUDI and not self._fudi_logged:
            self._fudi_logged = True
            log.warning("a client's message cannot be read: %s", reason)

    def _answer(self, function: AtOnce, command: Command, origin: Origin) -> None:
        try:
            replies = function.query(self._context, command, origin.client)
        except ValueError as error:
            target = command.targets[0] if command.targets else "-"
            origin.reply(fail(command.address, target, str(error)))
            return
        for reply in (*replies, done(command.address, command.targets)):
            origin.reply(reply)

    def _forward(self, command: Command, origin: Origin) -> None:
        def answer(replies: list[Message], error: str) -> None:
            end = fail(command.address, "-", error) if error else done(command.address)
            for reply in (*replies, end):
                origin.reply(reply)

        def progress(finished: int, total: int) -> None:
            origin.reply(Message("/progress", (command.address, "-", finished, total)))

        steps, follow = progress if command.spec.progress else None, origin.reply if command.spec.later else None
        self._renderer.ask(command.address, command.values, answer, steps, follow)


def parse(datagram: bytes) -> Iterator[Command | Refusal]:
    """The commands in a datagram, in order; messages with the address of a reply are dropped."""
    for item in decode(datagram):
        if item.address in REPLIES:
            continue
        if isinstance(item, PacketError):
            yield Refusal(printable(item.address), "-", str(item))
        else:
            yield read(item.address, item.args)
