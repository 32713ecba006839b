"""Dispatch OSC messages: queries are answered at once, the rest goes to the engine or to the renderer."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
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


class Dispatcher:
    """Handles datagrams, in the receive thread; it never waits."""

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
            try:
                self._dispatch(item, sender)
            except Exception as error:
                log.exception("%s failed", item.address)
                self._reply(sender, fail(item.address, "-", f"internal error: {error}"))

    def _dispatch(self, item: Command | Refusal, sender: Address) -> None:
        if isinstance(item, Refusal):
            self._log_fudi(item.reason)
            self._reply(sender, fail(item.address, item.target, item.reason))
        elif item.spec.executor is Executor.RENDERER:
            self._forward(item, sender)
        else:
            function = FUNCTIONS[item.address]
            if isinstance(function, AtOnce):
                self._answer(function, item, sender)
            else:
                sink = self._sink(self._clients.preferences(sender))
                to = self._clients.reply_address(sender)
                self._engine.submit(
                    Request(
                        item, function.handler, sink, lambda message: self._send(message, to), sender, function.lane
                    )
                )

    def _log_fudi(self, reason: str) -> None:
        """Report Pd's text in the log, once: who sends it cannot read the reply either."""
        if reason == FUDI and not self._fudi_logged:
            self._fudi_logged = True
            log.warning("a client's message cannot be read: %s", reason)

    def _answer(self, function: AtOnce, command: Command, sender: Address) -> None:
        try:
            replies = function.query(self._context, command, sender)
        except ValueError as error:
            target = command.targets[0] if command.targets else "-"
            self._reply(sender, fail(command.address, target, str(error)))
            return
        for reply in (*replies, done(command.address, command.targets)):
            self._reply(sender, reply)

    def _forward(self, command: Command, sender: Address) -> None:
        def answer(replies: list[Message], error: str) -> None:
            end = fail(command.address, "-", error) if error else done(command.address)
            for reply in (*replies, end):
                self._reply(sender, reply)

        def progress(finished: int, total: int) -> None:
            self._reply(sender, Message("/progress", (command.address, "-", finished, total)))

        def later(message: Message) -> None:
            self._reply(sender, message)

        steps, follow = progress if command.spec.progress else None, later if command.spec.later else None
        self._renderer.ask(command.address, command.values, answer, steps, follow)

    def _reply(self, sender: Address, message: Message) -> None:
        self._send(message, self._clients.reply_address(sender))


def parse(datagram: bytes) -> Iterator[Command | Refusal]:
    """The commands in a datagram, in order; messages with the address of a reply are dropped."""
    for item in decode(datagram):
        if item.address in REPLIES:
            continue
        if isinstance(item, PacketError):
            yield Refusal(printable(item.address), "-", str(item))
        else:
            yield read(item.address, item.args)
