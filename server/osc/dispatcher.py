"""The reception: datagrams in, queries answered at once, work handed to the engine."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from core.commands.reading import Command, Refusal
from core.commands.spec import Executor
from server.engine.queue import Engine, Request, done, fail
from server.link.publisher import Publisher
from server.osc.commands import parse
from server.osc.packet import Message
from server.osc.udp import Address

log = logging.getLogger(__name__)

MAX_CLIENTS = 256


@dataclass(frozen=True)
class ClientPreferences:
    """What a client asked for by /notify: another port (0: its own), another sample rate in Hz (0: the model's)."""

    port: int = 0
    rate: int = 0


class Clients:
    """The wishes of clients by address and source port; the least recent give way beyond MAX_CLIENTS."""

    def __init__(self) -> None:
        self._wishes: OrderedDict[Address, ClientPreferences] = OrderedDict()

    def notify(self, sender: Address, wish: ClientPreferences) -> None:
        """Remember a wish in place of the former one."""
        self._wishes[sender] = wish
        self._wishes.move_to_end(sender)
        if len(self._wishes) > MAX_CLIENTS:
            self._wishes.popitem(last=False)

    def rate(self, sender: Address) -> int:
        """The sample rate that a client wants; 0: the model's."""
        return self._wishes.get(sender, ClientPreferences()).rate

    def reply_to(self, sender: Address) -> Address:
        """Where a client's replies go."""
        port = self._wishes.get(sender, ClientPreferences()).port
        return (sender[0], port, *sender[2:]) if port else sender


class Dispatcher:
    """What happens to a datagram. Lives on the receive thread and never waits."""

    def __init__(
        self,
        engine: Engine,
        publisher: Publisher,
        send: Callable[[Message, Address], None],
        loaded: Callable[[], tuple[str, str]],
    ) -> None:
        """Answer through `send`; `loaded` names the loaded model and components file, "-" for none."""
        self._engine = engine
        self._publisher = publisher
        self._send = send
        self._loaded = loaded
        self._clients = Clients()
        self._started = time.monotonic()
        self._queries = {"/status": self._status, "/notify": self._notify, "/cancel": self._cancel}
        self._queries |= {"/sound/play": self._play, "/sound/stop": self._stop}

    def handle(self, datagram: bytes, sender: Address) -> None:
        """Answer or queue everything in a datagram, in order; nothing goes without an answer."""
        for item in parse(datagram):
            log.debug("%s: %s", sender, item)
            try:
                self._take(item, sender)
            except Exception as error:
                log.exception("%s went wrong", item.address)
                self._answer(sender, fail(item.address, "-", f"internal error: {error}"))

    def _take(self, item: Command | Refusal, sender: Address) -> None:
        if isinstance(item, Refusal):
            self._answer(sender, fail(item.address, item.target, item.reason))
        elif item.spec.executor is Executor.RECEIVE_THREAD:
            for reply in self._queries[item.address](item, sender):
                self._answer(sender, reply)
        elif item.spec.executor is Executor.RENDERER:
            self._ask_renderer(item, sender)
        else:
            to = self._clients.reply_to(sender)
            rate = self._clients.rate(sender)
            self._engine.submit(Request(item, lambda message: self._send(message, to), rate))

    def _ask_renderer(self, command: Command, sender: Address) -> None:
        def answer(replies: list[Message], error: str) -> None:
            for reply in replies:
                self._answer(sender, reply)
            self._answer(sender, fail(command.address, "-", error) if error else done(command.address))

        def progress(done: int, total: int) -> None:
            self._answer(sender, Message("/progress", (command.address, "-", done, total)))

        told = progress if command.spec.progress else None
        self._publisher.ask(command.address, command.values, answer, told)

    def _answer(self, sender: Address, message: Message) -> None:
        self._send(message, self._clients.reply_to(sender))

    def _status(self, command: Command, sender: Address) -> list[Message]:
        waiting, busy = self._engine.status()
        uptime = time.monotonic() - self._started
        answer = (*self._loaded(), waiting, busy, uptime, program_version())
        return [Message("/status.reply", answer), done(command.address)]

    def _notify(self, command: Command, sender: Address) -> list[Message]:
        wish = ClientPreferences(command.values["port"], command.values["rate"])
        if wish.rate and wish.rate < 1000:
            return [fail(command.address, "-", f"rate must be 0 or in 1000..192000 Hz, not {wish.rate}")]
        self._clients.notify(sender, wish)
        return [done(command.address)]

    def _play(self, command: Command, sender: Address) -> list[Message]:
        self._publisher.play(command.targets[0], command.values["position"])
        return [done(command.address, command.targets)]

    def _stop(self, command: Command, sender: Address) -> list[Message]:
        self._publisher.silence(command.values["target"] or "")
        return [done(command.address)]

    def _cancel(self, command: Command, sender: Address) -> list[Message]:
        target = command.targets[0]
        if self._engine.cancel(target):
            return [done(command.address, command.targets)]
        return [fail(command.address, target, f"nothing with the target {target[:60]!r} is queued or running")]


def program_version() -> str:
    """The installed version."""
    try:
        return version("hallu")
    except PackageNotFoundError:
        return "unknown"
