"""The server for a Pd at home, while the work is done elsewhere: OSC here, one line there.

Every request gets its end, whatever becomes of the line: what takes long waits for a minute, what is played now fails
at once.
"""

import logging
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import zmq

from core import errors
from core.commands.limits import MAX_REASON
from core.commands.reading import Command, Refusal, printable, read, target_of
from core.commands.table import REPLIES
from core.text import one_line
from renderer.ipc.keys import LinkKeys
from server.engine.request import done, fail
from server.osc.clients import MAX_CLIENTS, Address, ClientPreferences, Clients
from server.osc.packet import Message, PacketError, decode, encode
from server.osc.udp import OscSocket
from server.remote import open_requests
from server.remote.channel import BULK, NOW
from server.remote.home_files import HomeFiles, upload
from server.remote.home_replies import HomeReplies
from server.remote.line import Line
from server.remote.open_requests import OpenRequest, OpenRequests
from server.remote.paths import path_argument
from server.remote.tunnels import Tunnels
from server.remote.wake import Wake
from server.remote.wire import Kind, Part

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
_HINT_S = 5.0
_TURN_MS = 100
_MOST_RECEIVED = 64


class Bridge:
    """The bridge and its thread."""

    def __init__(
        self, server: str, keys: LinkKeys | None, osc: OscSocket, files: HomeFiles, page: socket.socket
    ) -> None:
        """Connect the parts.

        Args:
            server: HOST:PORT of the server's --remote.
            keys: for it; None: it asks for none.
            osc: where clients are.
            files: the spool and the pictures here.
            page: listens for browsers.
        """
        self._osc, self._files, self._listener = osc, files, page
        self._clients, self._open = Clients(), OpenRequests()
        # What clients asked for by /notify: a server that was restarted has to learn it again.
        self._notified: OrderedDict[Address, bytes] = OrderedDict()
        # Those that asked while there was no server.
        self._untold: set[Address] = set()
        self._line = Line(server, keys, self._found, self._cut, self._lost)
        self._tunnels = Tunnels(self._line.channel)
        send = self._osc.send_datagram
        self._replies = HomeReplies(files, self._open, send, self._status_line, lambda: self.page, self._forget)
        self._wake, self._stopping = Wake(), threading.Event()
        self._hinted = self._page_shown = False
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop it; what is open fails."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("the bridge failed at a message")
                self._stopping.wait(0.1)
        self._give_up(lambda request: True, "the bridge is stopping")
        self._line.close()
        self._tunnels.clear()
        self._files.incoming.clear()
        self._wake.close()

    def _turn(self) -> None:
        now_s = time.monotonic()
        more = self._line.turn(now_s)
        self._hint(now_s)
        descriptors = [self._wake.fileno(), *(one.fileno() for one in (self._listener, *self._osc.sockets))]
        polled: list[tuple[Any, int]] = [(one, zmq.POLLIN) for one in descriptors]
        polled += [(self._line.socket, zmq.POLLIN), *self._tunnels.polled()]
        ready = dict(zmq.zmq_poll(polled, 0 if more else _TURN_MS))
        if self._line.socket in ready:
            for part in self._line.receive():
                self._take(part)
        for one in self._osc.sockets:
            self._receive(one, ready)
        if self._listener.fileno() in ready:
            with suppress(OSError):
                self._browse(self._listener.accept()[0])
        self._tunnels.turn(ready)

    def _receive(self, one: socket.socket, ready: dict[Any, int]) -> None:
        """Take the datagrams that wait, some of them at a time."""
        for _ in range(_MOST_RECEIVED if one.fileno() in ready else 0):
            if not self._osc.receive(one, self._ask):
                return

    def _take(self, part: Part) -> None:
        """Handle a message of the server; one that it must not send is logged."""
        try:
            if part.kind is Kind.OSC:
                self._replies.take(part)
            elif part.kind is Kind.FILE:
                self._files.incoming.add(part.fields, part.payload)
            elif part.kind in (Kind.DATA, Kind.CREDIT, Kind.CLOSE):
                self._tunnels.take(part)
        except ValueError as error:
            log.warning("from the server: %s", error)

    def _forget(self, name: str, again: Part | None) -> None:
        more = {"id": again.fields["id"], "to": again.fields.get("to")} if again else {}
        payload = again.payload if again else b""
        self._line.channel.push("forget", [Part(Kind.FORGET, {"name": name, **more}, payload)], NOW)

    def _hint(self, now_s: float) -> None:
        """Say once that no server answers, and where the page is; give up what has waited too long."""
        if self._line.found:
            if self._line.page is not None and not self._page_shown:
                self._page_shown = True
                log.info("page at %s", self.page)
            return
        if now_s - self._line.since_s > PATIENCE_S:
            self._give_up(lambda request: True, f"{self._trouble()}; given up after {PATIENCE_S:g} s")
        if not self._hinted and not self._line.known and now_s - self._line.since_s > _HINT_S:
            self._hinted = True
            log.warning("%s", self._trouble())

    @property
    def page(self) -> str:
        """The address of the server's page here."""
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}/{self._line.page or ''}"

    def _trouble(self) -> str:
        """Why there is no server, in one sentence."""
        if self._line.known:
            return f"the line to {self._line.server} is cut; reconnecting"
        return (
            f"no answer from {self._line.server}: does `hallu serve --remote` run there, is the port open, and is the "
            "key the server's?"
        )

    def _found(self, new: bool) -> None:
        """The server answers: report what clients asked for, as far as it does not know."""
        for sender, datagram in self._notified.items():
            if new or sender in self._untold:
                self._forward(datagram, sender, 0)
        self._untold.clear()

    def _cut(self) -> None:
        self._give_up(lambda request: not request.waits, self._trouble())

    def _lost(self) -> None:
        """The server does not know this session: it was restarted, or the line was cut for too long."""
        self._tunnels.clear()
        self._tunnels = Tunnels(self._line.channel)
        self._files.incoming.clear()
        self._give_up(lambda request: True, "the server was restarted, or had given this request up")

    def _give_up(self, chosen: Callable[[OpenRequest], bool], reason: str) -> None:
        for request in self._open.give_up(chosen):
            self._send(fail(request.address, request.target, reason), request.client)

    def _browse(self, accepted: socket.socket) -> None:
        if self._line.found:
            self._tunnels.open(accepted)
        else:
            accepted.close()

    def _ask(self, datagram: bytes, sender: Address) -> None:
        """Send the messages of a datagram on, or answer them here."""
        for item in decode(datagram):
            if item.address in REPLIES:
                continue
            if isinstance(item, PacketError):
                self._send(fail(printable(item.address), "-", str(item)), sender)
                continue
            try:
                self._ask_one(item, sender)
            except (OSError, ValueError) as error:
                self._refuse(read(item.address, item.args), sender, errors.sentence(error))

    def _ask_one(self, item: Message, sender: Address) -> None:
        """Send a message on.

        Raises:
            OSError: the server does not answer, or too much waits for it.
            ValueError: its file cannot be sent.
        """
        command = read(item.address, item.args)
        if item.address == "/notify" and isinstance(command, Command):
            self._notify(command, sender, encode(item))
        if not self._line.found:
            return self._alone(command, sender)
        if len(self._open) >= open_requests.MOST:
            raise OSError(f"{open_requests.MOST} requests wait for the server already; try again")
        place = path_argument(item.address)
        if place is not None and isinstance(command, Command):
            return self._with_file(item, str(item.args[place]), command, sender)
        self._forward(encode(item), sender, self._open.add(command, sender))

    def _with_file(self, item: Message, word: str, command: Command, sender: Address) -> None:
        """Send a message on, and the file that it names before it, unless that came from the server."""
        name, datagram = self._files.known(word), encode(item)
        if name:
            return self._forward(datagram, sender, self._open.add(command, sender), {"file": {"name": name}})
        number = 0

        def last(described: dict[str, Any]) -> Part:
            return Part(Kind.OSC, {"id": number, "sender": list(sender), "file": described}, datagram)

        parts = upload(word, last)
        number = self._open.add(command, sender)
        self._line.channel.push(("upload", number), parts, BULK)

    def _forward(self, datagram: bytes, sender: Address, number: int, more: dict[str, Any] | None = None) -> None:
        fields = {"id": number, "sender": list(sender), **(more or {})}
        self._line.channel.push(("client", sender), [Part(Kind.OSC, fields, datagram)], NOW)

    def _notify(self, command: Command, sender: Address, datagram: bytes) -> None:
        self._clients.notify(sender, ClientPreferences(command.values["port"], command.values["rate"]))
        self._notified[sender] = datagram
        self._notified.move_to_end(sender)
        while len(self._notified) > MAX_CLIENTS:
            self._notified.popitem(last=False)

    def _alone(self, command: Command | Refusal, sender: Address) -> None:
        """Answer a message while there is no server."""
        if command.address == "/notify" and isinstance(command, Command):
            self._untold.add(sender)
            return self._send(done(command.address), sender)
        if command.address == "/status":
            self._send(self._status_line(), sender)
        self._refuse(command, sender, self._trouble())

    def _status_line(self) -> Message:
        """What /status says of the line."""
        line = self._line
        if line.found:
            return Message("/status.line", ("found", line.server, line.round_trip_s))
        return Message(
            "/status.line", ("cut" if line.known else "searching", line.server, time.monotonic() - line.since_s)
        )

    def _refuse(self, command: Command | Refusal, sender: Address, reason: str) -> None:
        self._send(fail(command.address, target_of(command), one_line(reason, MAX_REASON)), sender)

    def _send(self, message: Message, sender: Address) -> None:
        self._osc.send(message, self._clients.reply_address(sender))
