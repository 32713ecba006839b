"""The way to a server over ZeroMQ: what it tells is passed on, commands are done and answered."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import zmq

from renderer.ipc import messages
from renderer.ipc.messages import Event
from renderer.live import commands
from renderer.live.controller import RenderController
from renderer.live.settings import check_number
from renderer.live.sounds import read_name, read_samples, read_sound

log = logging.getLogger(__name__)

_POLL_MS = 20
_HELLO_S, _BEAT_S = 0.2, 1.0
MAX_WAITING = 64
# What is unreadable is told in the log, but not more often.
_COMPLAIN_S = 5.0


def addresses(server: str) -> tuple[str, str]:
    """Where a server publishes, and where it listens: the port after it.

    Raises:
        ValueError: it is no address as in tcp://127.0.0.1:7771.
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
    """Two sockets and their thread, and a thread that does commands, one after the other."""

    def __init__(self, atelier: RenderController, server: str, told_to_end: Callable[[], None], version: str) -> None:
        """Connect; `told_to_end` is called when the server says bye.

        Raises:
            ValueError: the address is none.
        """
        publisher, collector = addresses(server)
        self._atelier, self._told_to_end, self._version = atelier, told_to_end, version
        self._context = zmq.Context()
        self._in, self._out = self._socket(zmq.SUB, publisher), self._socket(zmq.PUSH, collector)
        self._in.subscribe(b"")
        self._answers: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
        self._orders: queue.Queue[Event | None] = queue.Queue(MAX_WAITING)
        # Commands that take long, by number: who waits for them is told how far they are.
        self._long: set[int] = set()
        self._welcome, self._stopping = False, threading.Event()
        self._hello_s = self._beat_s = self._complained_s = float("-inf")
        self._hearing = {
            "welcome": self._welcomed,
            "made": lambda event: atelier.show.player.add(read_sound(event)),
            "wave": lambda event: atelier.show.player.add_samples(*read_samples(event)),
            "play": self._play,
            "stop": lambda event: atelier.show.player.stop(read_name(event.fields, "target"), time.monotonic()),
            "busy": self._busy,
            "loaded": lambda event: log.info("the sound's model is %s", read_name(event.fields, "model") or "none"),
            "command": self._command,
            "bye": lambda event: told_to_end(),
        }
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._run, self._work)]

    def _socket(self, kind: int, address: str) -> "zmq.Socket[bytes]":
        made = self._context.socket(kind)
        made.ipv6, made.maxmsgsize, made.linger = "[" in address, messages.MAX_BYTES, 200
        # Of what a server that is away cannot take, the newest is not worth waiting for.
        made.sndhwm = 256
        made.connect(address)
        return made

    def start(self, first: Callable[[], None] = lambda: None) -> None:
        """Begin; `first` is done before the first command."""
        self._first = first
        for thread in self._threads:
            thread.start()

    def do(self, address: str, values: dict[str, Any]) -> "Future[str]":
        """Do a command of somebody here: "", or why not. The server is told, so that whoever comes after me knows."""
        error: Future[str] = Future()
        error.set_running_or_notify_cancel()

        def done(outcome: "Future[commands.Outcome]") -> None:
            why_not = outcome.result()[1]
            if not why_not and address not in messages.PASSING:
                self._tell_set(address, values)
            error.set_result(why_not)

        commands.begin(self._atelier, address, values).add_done_callback(done)
        return error

    def _tell_set(self, address: str, values: dict[str, Any]) -> None:
        try:
            self._answers.put(messages.encode("set", {"address": address, "values": values}))
        except ValueError as error:
            log.warning("%s cannot be told: %s", address, error)

    def stop(self) -> None:
        """End; a command that is being done is not waited for."""
        self._stopping.set()
        with suppress(queue.Full):
            self._orders.put_nowait(None)
        self._threads[0].join(2.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn(time.monotonic())
            except ValueError as error:
                self._complain(error)
            except Exception:
                log.exception("what a server has told could not be done")
        self._context.destroy()

    def _turn(self, now_s: float) -> None:
        if not self._welcome and now_s - self._hello_s >= _HELLO_S:
            self._hello_s = now_s
            self._say(messages.encode("hello", {"name": "renderer", "version": self._version}))
        if now_s - self._beat_s >= _BEAT_S:
            self._beat_s = now_s
            self._say(messages.encode("beat", {"fps": self._atelier.stage.pace.fps(now_s), "page": self._atelier.page}))
            self._tell_progress()
        while not self._answers.empty():
            self._say(self._answers.get())
        if self._in.poll(_POLL_MS if self._answers.empty() else 0):
            self._hear(messages.decode(self._in.recv_multipart()))

    def _tell_progress(self) -> None:
        done, total = self._atelier.guide.progress
        for number in tuple(self._long - {0}):
            self._say(messages.encode("progress", {"id": number, "done": done, "total": total}))

    def _say(self, frames: list[bytes]) -> None:
        try:
            self._out.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            log.debug("no server takes what is said")

    def _hear(self, event: Event) -> None:
        if event.topic not in self._hearing:
            raise ValueError(f"{event.topic!r:.40} is no topic of a server")
        self._hearing[event.topic](event)

    def _complain(self, error: ValueError) -> None:
        now_s = time.monotonic()
        if now_s - self._complained_s > _COMPLAIN_S:
            self._complained_s = now_s
            log.warning("from the server: %s", error)

    def _welcomed(self, _: Event) -> None:
        self._welcome, self._atelier.stage.busy = True, False

    def _play(self, event: Event) -> None:
        position_s = check_number("position_s", event.fields.get("position_s"))
        self._atelier.show.play(read_name(event.fields, "target"), position_s, time.monotonic())

    def _busy(self, event: Event) -> None:
        self._atelier.stage.busy = event.fields.get("busy") is True

    def _command(self, event: Event) -> None:
        address, values = read_name(event.fields, "address"), event.fields.get("values")
        if type(event.fields.get("id")) is not int or not isinstance(values, dict):
            raise ValueError(f"{address:.60} is not numbered, or has no values by name")
        if address in commands.QUERIES:
            return self._do(event)
        try:
            self._orders.put_nowait(event)
        except queue.Full:
            self._answer(event, [], f"{MAX_WAITING} commands are waiting already; try again")

    def _work(self) -> None:
        try:
            self._first()
        except Exception:
            log.exception("the renderer could not get ready")
        while not self._stopping.is_set():
            event = self._orders.get()
            if event is not None:
                self._do(event)

    def _do(self, event: Event) -> None:
        number = event.fields["id"]
        outcome = commands.begin(self._atelier, event.fields["address"], event.fields["values"])
        if not outcome.done():
            self._long.add(number)
        outcome.add_done_callback(lambda done: self._answer(event, *done.result()))

    def _answer(self, event: Event, replies: list[Any], error: str) -> None:
        number = event.fields["id"]
        self._long.discard(number)
        if number == 0:
            # Told again after a start: nobody waits for an answer.
            if error:
                log.warning("%s: %s", event.fields["address"], error)
            return
        self._answers.put(messages.encode("reply", {"id": number, "replies": replies, "error": error}))
