"""What comes over a wire, as files: datagrams, ZeroMQ messages, and what a browser sends to a page.

A file with the frames of a message has the length of each before it.
"""

import contextlib
import functools
import json
import logging
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from bench.reliability.file_format import Format
from core.commands import oscquery
from core.commands.reading import Command
from core.progress import Progress
from renderer.outcome import Outcome, Part
from renderer.web.status import PageStatus

_PATIENCE_S, _QUIET_S = 5.0, 0.3
_GET = b"GET /state?token=x HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nAccept: */*\r\n\r\n"
_CLOSE = b"\x88\x80" + bytes(4)
_UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def wire_formats(scratch: Path) -> Iterator[Format]:
    """All of them."""
    from renderer.ipc import messages
    from server.osc import packet
    from server.remote import wire

    def write(name: str, content: bytes) -> Path:
        (scratch / name).write_bytes(content)
        return scratch / name

    note = packet.Message("/sound/synthesize", ("a", "note", 60, "b", "other", 61.5))
    yield Format("OSC datagram", write("note.osc", packet.encode(note)), "", _datagram)
    whole = b"#bundle\0" + bytes(7) + b"\1" + b"".join(
        struct.pack(">i", len(one)) + one for one in 3 * [packet.encode(note)]
    )  # fmt: skip
    yield Format("OSC bundle", write("bundle.osc", whole), "", _datagram)
    features = {name: np.zeros(60, np.float32) for name in ("loudness", "onsets", "brightness")}
    fields = {"target": "t", "kind": "hallucination", "duration_s": 1.2, "sample_rate": 16_000, "pitch": 60, "part": -1}
    arrays = {"key_times_s": np.arange(2.0), "keys": np.ones((2, 8)), "chroma": np.zeros((60, 12)), **features}
    sound = messages.encode("sound", {**fields, "drive": 1.0}, **arrays)
    yield Format("ZeroMQ, to a renderer", write("sound.zmq", _joined(sound)), "", _to_renderer)
    shown: dict[str, np.ndarray] = {"frames": np.zeros((2, 8, 8, 3), np.uint8), "ages_s": np.ones(2)}
    frames = messages.encode("frames", {"id": 1, "last": True}, **shown)
    yield Format("ZeroMQ, from a renderer", write("frames.zmq", _joined(frames)), "", _from_renderer)
    part = wire.Part(wire.Kind.OSC, {"id": 3, "sender": ["127.0.0.1", 9000]}, packet.encode(note))
    yield Format("bridge's message", write("osc.bridge", _joined(wire.encode(part, 1, 0))), "", _from_bridge)
    values = {"number": 1, "layer": "rgb", "transform": "zoom", "amount": 0.5}
    ask = {"ask": 1, "address": "/image/bend", "values": values}
    yield Format("page's command", write("ask.json", json.dumps(ask).encode()), "", _page_command)
    yield Format("HTTP request", write("get.http", _GET), "", _http)
    text = json.dumps(ask).encode()
    frame = struct.pack(">BBH", 0x81, 0xFE, len(text)) + bytes(4) + text
    yield Format("WebSocket", write("frames.ws", _UPGRADE + 3 * frame + _CLOSE), "", _websocket)


def _joined(frames: Sequence[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(frame)) + frame for frame in frames)


def _frames(path: Path) -> list[bytes]:
    """The frames in a file; the last may be shorter than it says."""
    data, found = path.read_bytes(), []
    while len(data) >= 4:
        length = min(struct.unpack_from("<I", data)[0], len(data) - 4)
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    return found


def _datagram(path: Path) -> None:
    """Decode and check as the server does; errors are values here."""
    from core.commands import reading
    from server.osc import packet

    for message in packet.decode(path.read_bytes()):
        if isinstance(message, packet.PacketError):
            raise message
        reading.read(message.address, message.args)


def _to_renderer(path: Path) -> None:
    from renderer.ipc import messages
    from renderer.live import sounds

    sounds.read_sound(messages.decode(_frames(path)))


def _from_renderer(path: Path) -> None:
    from renderer.ipc import messages
    from server.link.shown_frames import FrameQuestions

    questions, event = FrameQuestions(), messages.decode(_frames(path))
    # Its number cannot be guessed.
    event.fields["id"] = questions.open(lambda frames, error: None, 0.0)
    questions.take(event)


def _from_bridge(path: Path) -> None:
    from server.remote import wire

    part, _, _ = wire.decode(_frames(path))
    if part.kind is wire.Kind.OSC:
        path.write_bytes(part.payload)
        _datagram(path)


def _page_command(path: Path) -> None:
    from core.commands import reading

    try:
        message = json.loads(path.read_text("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError(str(error)) from None
    if isinstance(message, dict):
        reading.read_values(message.get("address"), message.get("values"))


class _Nothing:
    """What is behind a page that has nothing to show (see `renderer.web.instrument.Instrument`)."""

    def submit(self, command: Command, progress: Progress, part: Part) -> "Future[Outcome]":
        done: Future[Outcome] = Future()
        done.set_result(Outcome([], ""))
        return done

    def status(self) -> PageStatus:
        return PageStatus()

    def values(self) -> oscquery.Values:
        return {}

    def choices(self) -> oscquery.Choices:
        return {}

    def host_info(self) -> Mapping[str, Any]:
        return {}

    def sound(self, key: str) -> bytes | None:
        return None


class _Errors(logging.Handler):
    """Remembers what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@functools.cache
def _served() -> tuple[int, _Errors]:
    """The port of a page of this process, and what it logs."""
    from renderer.web import Frames, WebServer

    errors = _Errors()
    logging.getLogger().addHandler(errors)
    return int(WebServer(Frames(), _Nothing()).start().rstrip("/").rpartition(":")[2]), errors


def _http(path: Path) -> None:
    _page(path.read_bytes(), ends=True)


def _websocket(path: Path) -> None:
    _page(path.read_bytes(), ends=False)


def _page(data: bytes, ends: bool) -> None:
    """Send bytes to a page, and the end, too: it closes or answers, logs no error, and answers the next browser."""
    port, errors = _served()
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as end, contextlib.suppress(OSError):
        end.settimeout(_PATIENCE_S if ends else _QUIET_S)
        end.sendall(data)
        if ends:
            end.shutdown(socket.SHUT_WR)
        while end.recv(1 << 16):
            pass
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as end:
        end.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
        if not end.recv(64).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("the page does not answer any longer")
    if errors.texts:
        raise RuntimeError(errors.texts.pop())
