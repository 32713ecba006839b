"""Dispatch OSC messages: to the engine of the client's room, or to the renderer."""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from core.commands.reading import Command, Refusal, printable, read
from core.commands.spec import Executor
from core.commands.table import REPLIES
from core.progress import Progress
from server.engine.request import done, fail
from server.osc.clients import Address, Clients
from server.osc.origin import Origin
from server.osc.packet import FUDI, Message, PacketError, decode
from server.osc.queries import DoorContext, PlaybackListener
from server.rooms.host import answer, ended
from server.rooms.names import ELSEWHERE, MAIN, RoomError
from server.rooms.registry import Rooms
from server.table import FUNCTIONS, AtDoor

log = logging.getLogger(__name__)


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
    """Handles datagrams, in the receive thread, and commands that came another way; it never waits."""

    def __init__(self, rooms: Rooms, renderer: RendererLink, send: Callable[[Message, Address], None]) -> None:
        """Connect the parts.

        Args:
            rooms: have engines for the commands that take time.
            renderer: gets the commands for images.
            send: sends a reply.
        """
        self._rooms = rooms
        self._renderer = renderer
        self._send = send
        self._clients = Clients()
        self._fudi_logged = False
        self._context = DoorContext(renderer, self._clients, rooms)

    def handle(self, datagram: bytes, sender: Address) -> None:
        """Answer, queue or forward every message in a datagram, in order; each gets an end."""
        for item in parse(datagram):
            log.debug("%s: %s", sender, item)
            if isinstance(item, Refusal):
                self._log_fudi(item.reason)
            self.perform(item, self._origin(item, sender))

    def perform(self, item: Command | Refusal, origin: Origin) -> None:
        """Answer, queue or forward a command, from any thread; it gets an end."""
        ended(lambda: self._dispatch(item, origin), item, origin)

    def _origin(self, item: Command | Refusal, sender: Address) -> Origin:
        def reply(message: Message) -> None:
            self._send(message, self._clients.reply_address(sender))

        # What waits for the engine is answered where the client wanted it when it asked.
        to = self._clients.reply_address(sender)
        waits = isinstance(item, Command) and item.spec.executor is Executor.ENGINE
        answer = (lambda message: self._send(message, to)) if waits else reply
        return Origin(sender, answer, self._rooms.of(sender), self._clients.preferences(sender))

    def _dispatch(self, item: Command | Refusal, origin: Origin) -> None:
        if isinstance(item, Refusal):
            origin.reply(fail(item.address, item.target, item.reason))
        elif item.spec.executor is Executor.RENDERER:
            if origin.room != MAIN:
                raise RoomError(ELSEWHERE)
            self._forward(item, origin)
        elif isinstance(function := FUNCTIONS[item.address], AtDoor):
            answer(partial(function.query, self._context, item, origin), item, origin)
        else:
            host, counted = self._rooms.enter(origin)
            # Within the other one, so that the room counts no request for ever.
            ended(lambda: host.perform(item, counted), item, counted)

    def _log_fudi(self, reason: str) -> None:
        """Report Pd's text in the log, once: who sends it cannot read the reply either."""
        if reason == FUDI and not self._fudi_logged:
            self._fudi_logged = True
            log.warning("a client's message cannot be read: %s", reason)

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
