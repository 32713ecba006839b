"""The renderer's end of the link to a server, over ZeroMQ: follow what it sends, execute and answer commands."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import zmq

from core import checks
from core.commands.reading import Command, Refusal, read_values
from core.commands.spec import Executor
from renderer.ipc import messages
from renderer.ipc.keys import LinkKeys
from renderer.ipc.messages import Event
from renderer.live.commands import HANDLERS
from renderer.live.controller import RenderController
from renderer.live.dispatcher import RenderDispatcher
from renderer.live.server_end import ServerEnd
from renderer.live.sounds import read_name, read_samples, read_sound
from renderer.outcome import Outcome, Reply

log = logging.getLogger(__name__)

_POLL_MS = 20
_HELLO_S, _HEARTBEAT_S, _HINT_S = 0.2, 1.0, 5.0
_SILENT_S, _ZMQ_BEAT_MS = 8.0, 2000
MAX_WAITING = 64
# Shortest time between two warnings about unreadable messages.
_WARNING_S = 5.0
# Frames in a message: what a server takes of a renderer at a time is 1 MB.
_FRAMES = 64


def addresses(server: str) -> tuple[str, str]:
    """Where a server publishes, and where it listens: the port after it.

    Raises:
        ValueError: it is not an address as in tcp://127.0.0.1:7771.
    """
    try:
        parts = urlsplit(server)
        port = parts.port or 0
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "tcp" or not parts.hostname or not 1 <= port <= 65534 or parts.path.strip("/"):
        raise ValueError(f"a server's address is like tcp://127.0.0.1:7771, not {server!r:.80}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"tcp://{host}:{port}", f"tcp://{host}:{port + 1}"


class Link:
    """Two sockets and their thread, and a thread that executes commands one after the other."""

    def __init__(
        self,
        controller: RenderController,
        dispatcher: RenderDispatcher,
        server: str,
        stop: Callable[[], None],
        version: str,
        keys: LinkKeys | None = None,
        stay: bool = False,
        server_end: ServerEnd | None = None,
        images: bool = True,
    ) -> None:
        """Connect.

        Args:
            controller: follows what the server sends.
            dispatcher: executes commands.
            server: address of the server.
            stop: called when the server says bye.
            version: of this program, for the server.
            keys: for a server that asks for them.
            stay: wait for the next server when one says bye, in place of `stop`.
            server_end: gets what the server sends to the page; None: there is no page.
            images: whether images are rendered; without them, commands for images are not executed here.

        Raises:
            ValueError: the address is not one.
        """
        publisher, collector = addresses(server)
        self._controller, self._dispatcher, self._version = controller, dispatcher, version
        self._keys, self._stay = keys, stay
        self._server_end, self._images = server_end or ServerEnd(), images
        controller.on_notice = self._notice
        self._context = zmq.Context()
        self._in, self._out = self._socket(zmq.SUB, publisher), self._socket(zmq.PUSH, collector)
        self._in.subscribe(b"")
        self._outgoing: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
        self._commands: queue.Queue[tuple[int, Command] | None] = queue.Queue(MAX_WAITING)
        # Numbers of commands that wait for a search: the server gets its progress.
        self._long: set[int] = set()
        self._connected, self._stopping = False, threading.Event()
        # When the server was last noticed; infinite: it sends no beats, and may be silent.
        self._seen_s = float("inf")
        self._hello_s = self._heartbeat_s = self._warned_s = float("-inf")
        self._asked_s, self._hinted, self._server = float("inf"), False, server
        self._topics = self._functions(stop)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._run, self._work)]

    def _functions(self, stop: Callable[[], None]) -> dict[str, Callable[[Event], None]]:
        """The function of each topic."""
        transport = self._controller.scene.transport
        pages = {"told": self._server_end.told, "audio": self._server_end.audio, "state": self._server_end.take_state}
        return {
            **pages,
            "welcome": self._welcome,
            "sound": lambda event: transport.add(read_sound(event)),
            "samples": lambda event: transport.add_samples(*read_samples(event)),
            "play": self._play,
            "stop": lambda event: transport.stop(read_name(event.fields, "target"), time.monotonic()),
            "busy": self._busy,
            "loaded": lambda event: log.info("sound model %s", read_name(event.fields, "model") or "unloaded"),
            "command": self._command,
            "watch": lambda event: self._controller.memory.watch(),
            "frames": self._frames,
            "beat": self._beat,
            "bye": lambda event: self._bye(stop),
        }

    def _socket(self, kind: int, address: str) -> "zmq.Socket[bytes]":
        socket = self._context.socket(kind)
        socket.ipv6, socket.maxmsgsize, socket.linger = "[" in address, messages.MAX_BYTES, 200
        # Messages for a server that is away: no more are kept.
        socket.sndhwm = 256
        # A line that was cut is noticed here, too, and connected again.
        socket.heartbeat_ivl, socket.heartbeat_timeout = _ZMQ_BEAT_MS, 3 * _ZMQ_BEAT_MS
        socket.reconnect_ivl_max = 1000
        if self._keys:
            self._keys.secure(socket)
        socket.connect(address)
        return socket

    def start(self, first: Callable[[], None] = lambda: None) -> None:
        """Start the threads; `first` runs before the first command."""
        self._first = first
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop; a command that is being executed is not waited for."""
        self._stopping.set()
        with suppress(queue.Full):
            self._commands.put_nowait(None)
        self._threads[0].join(2.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn(time.monotonic())
            except ValueError as error:
                self._warn(error)
            except Exception:
                log.exception("a message of the server failed")
        self._context.destroy()

    def _turn(self, now_s: float) -> None:
        if self._connected and now_s - self._seen_s > _SILENT_S:
            log.info("the server is silent; waiting for it")
            self._lose()
        if not self._connected and now_s - self._hello_s >= _HELLO_S:
            self._hello_s = now_s
            self._hint(now_s)
            self._send(messages.encode("hello", {**self._self, "name": "renderer", "version": self._version}))
        if now_s - self._heartbeat_s >= _HEARTBEAT_S:
            self._heartbeat_s = now_s
            fps = self._controller.render_loop.frame_clock.fps(now_s)
            self._send(messages.encode("heartbeat", {**self._self, "fps": fps, "page": self._controller.page}))
            self._send_progress()
        while not self._outgoing.empty():
            self._send(self._outgoing.get())
        if self._in.poll(_POLL_MS if self._outgoing.empty() else 0):
            self._receive(messages.decode(self._in.recv_multipart()))

    @property
    def _self(self) -> dict[str, bool]:
        """What a page without images says of itself."""
        return {} if self._images else {"images": False}

    def _hint(self, now_s: float) -> None:
        """Say once that no server answers."""
        self._asked_s = min(self._asked_s, now_s)
        if not self._hinted and now_s - self._asked_s > _HINT_S:
            self._hinted = True
            key = "" if self._keys else "; a server needs a --key, made by `hallu keys add`"
            log.info("no server answers yet at %s%s", self._server, key)

    def _send_progress(self) -> None:
        done, total = self._controller.direction_control.progress
        for number in tuple(self._long):
            self._send(messages.encode("progress", {"id": number, "done": done, "total": total}))

    def _send(self, frames: list[bytes]) -> None:
        try:
            self._out.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            log.debug("no server receives")

    def _receive(self, event: Event) -> None:
        if self._seen_s < float("inf"):
            self._seen_s = time.monotonic()
        if event.topic not in self._topics:
            raise ValueError(f"{event.topic!r:.40} is not a topic of a server")
        self._topics[event.topic](event)

    def _warn(self, error: ValueError) -> None:
        now_s = time.monotonic()
        if now_s - self._warned_s > _WARNING_S:
            self._warned_s = now_s
            log.warning("from the server: %s", error)

    def _welcome(self, _: Event) -> None:
        self._connected, self._controller.render_loop.busy = True, False
        self._server_end.connect(self._outgoing.put)

    def _beat(self, _: Event) -> None:
        self._seen_s = time.monotonic()

    def _bye(self, stop: Callable[[], None]) -> None:
        if not self._stay:
            return stop()
        log.info("the server has stopped; waiting for the next one")
        self._lose()

    def _lose(self) -> None:
        """Say hello until a server answers."""
        self._connected, self._seen_s, self._asked_s, self._hinted = False, float("inf"), float("inf"), False

    def _play(self, event: Event) -> None:
        position_s = checks.number("position_s", event.fields.get("position_s"))
        self._controller.scene.play(read_name(event.fields, "target"), position_s, time.monotonic())

    def _busy(self, event: Event) -> None:
        self._controller.render_loop.busy = event.fields.get("busy") is True

    def _command(self, event: Event) -> None:
        if not self._images:
            return None
        number = event.fields.get("id")
        if type(number) is not int:
            raise checks.mismatch("the id of a command", "be a whole number", number)
        command = read_values(event.fields.get("address"), event.fields.get("values"), Executor.RENDERER)
        if isinstance(command, Refusal):
            return self._answer(number, Outcome([], command.reason))
        if HANDLERS[command.address].query:
            return self._execute(number, command)
        try:
            self._commands.put_nowait((number, command))
        except queue.Full:
            self._answer(number, Outcome([], f"{MAX_WAITING} commands are waiting already; try again"))

    def _frames(self, event: Event) -> None:
        """Send what was shown in the last seconds, in parts."""
        number = event.fields.get("id")
        if type(number) is not int:
            raise checks.mismatch("the id of a question", "be a whole number", number)
        seconds = checks.in_range("seconds", checks.number("seconds", event.fields.get("seconds")), 0)
        self._controller.memory.watch()
        frames, ages_s = self._controller.memory.recent(seconds)
        for begin in range(0, max(1, len(frames)), _FRAMES):
            part = slice(begin, begin + _FRAMES)
            fields = {"id": number, "last": begin + _FRAMES >= len(frames)}
            self._outgoing.put(messages.encode("frames", fields, frames=frames[part], ages_s=ages_s[part]))

    def _work(self) -> None:
        try:
            self._first()
        except Exception:
            log.exception("the renderer could not start")
        while not self._stopping.is_set():
            waiting = self._commands.get()
            if waiting is not None:
                self._execute(*waiting)

    def _execute(self, number: int, command: Command) -> None:
        outcome = self._dispatcher.submit(command)
        if not outcome.done():
            self._long.add(number)
        outcome.add_done_callback(lambda done: self._answer(number, done.result()))

    def _notice(self, address: str, reply: Reply) -> None:
        self._outgoing.put(messages.encode("notice", {"address": address, "reply": reply}))

    def _answer(self, number: int, outcome: Outcome) -> None:
        self._long.discard(number)
        fields = {"id": number, "replies": outcome.replies, "error": outcome.error}
        self._outgoing.put(messages.encode("reply", fields))
