"""What a page asks of the server, over the link: commands for the sound, and what they answer."""

import io
import logging
import secrets
import threading
import wave
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.commands.reading import Command
from core.progress import Progress
from renderer.ipc import messages
from renderer.ipc.messages import Event
from renderer.outcome import Outcome, Part, Reply

log = logging.getLogger(__name__)

MAX_WAITING = 256
# Sounds that the page may still play.
MAX_SOUNDS, MAX_BYTES = 64, 64 << 20
NOT_CONNECTED = "no server answers; the sound is not there"
_RATES = range(1000, 192_001)


@dataclass
class _Asked:
    outcome: "Future[Outcome]"
    progress: Progress
    part: Part
    replies: list[Reply] = field(default_factory=list)


@dataclass(frozen=True)
class ServerState:
    """What the server reports.

    Attributes:
        name: of the server; "" before it has reported anything.
        osc_host: where it takes OSC; "": on the machine of the page.
        osc_port: UDP.
        values: what is set for the sound, by address.
        choices: names that there are, by address and argument.
        pitches: of the sound model, MIDI.
        conditions: of the sound model: by name its `values`, and those that are `set`.
    """

    name: str = ""
    osc_host: str = ""
    osc_port: int = 0
    values: dict[str, list[Any]] = field(default_factory=dict)
    choices: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    pitches: list[int] = field(default_factory=list)
    conditions: dict[str, dict[str, list[str]]] = field(default_factory=dict)


class ServerEnd:
    """Sends what is asked and takes what is answered. Methods may be called from any thread.

    Attributes:
        state: what the server has reported last.
        send: sends the frames of a message; the link sets it once there is a connection.
    """

    def __init__(self) -> None:
        self.state = ServerState()
        self.send: Callable[[list[bytes]], None] | None = None
        self._page = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._number = 0
        self._asked: OrderedDict[int, _Asked] = OrderedDict()
        self._sounds: OrderedDict[str, bytes] = OrderedDict()
        self._newest: dict[str, str] = {}

    def connect(self, send: Callable[[list[bytes]], None]) -> None:
        """A server is there: ask it for its state."""
        self.send = send
        send(messages.encode("ask", {"page": self._page, "id": 0}))

    def ask(
        self,
        command: Command,
        progress: Progress = lambda done, total: None,
        part: Part = lambda reply: None,
    ) -> "Future[Outcome]":
        """Let the server execute a command; `part` gets the segments of a sound without an end."""
        outcome: Future[Outcome] = Future()
        outcome.set_running_or_notify_cancel()
        if self.send is None:
            outcome.set_result(Outcome([], NOT_CONNECTED))
            return outcome
        with self._lock:
            self._number += 1
            number = self._number
            self._asked[number] = _Asked(outcome, progress, part)
            oldest = self._asked.popitem(last=False)[1] if len(self._asked) > MAX_WAITING else None
        if oldest:
            oldest.outcome.set_result(Outcome([], "the server did not answer"))
        fields = {"page": self._page, "id": number, "address": command.address, "values": command.values}
        self.send(messages.encode("ask", fields))
        return outcome

    def told(self, event: Event) -> None:
        """Take a reply.

        Raises:
            ValueError: it is not readable.
        """
        number, reply = event.fields.get("id"), event.fields.get("reply")
        asked = self._asked.get(number) if event.fields.get("page") == self._page and type(number) is int else None
        if asked is None:
            return
        if not isinstance(reply, list) or not reply or not isinstance(reply[0], str):
            raise ValueError(f"{reply!r:.60} is not a reply")
        self._take(int(number or 0), asked, reply)

    def _take(self, number: int, asked: _Asked, reply: Reply) -> None:
        address, *args = reply
        if address == "/progress" and len(args) == 4:
            asked.progress(int(args[2]), int(args[3]))
        elif address == "/sound/audio" and args:
            asked.replies.append([address, args[0], self._path_of(args[0]), *args[2:]])
        elif address == "/sound/segment" and len(args) > 2:
            asked.part([address, *args[:2], self._path_of(args[0]), *args[3:]])
        elif address in ("/done", "/fail"):
            with self._lock:
                self._asked.pop(number, None)
            error = str(args[2]) if address == "/fail" and len(args) > 2 else ""
            asked.outcome.set_result(Outcome([] if error else asked.replies, error))
        else:
            asked.replies.append(reply)

    def _path_of(self, target: Any) -> str:
        """Where the page finds the newest sound of a target."""
        return f"wav/{self._newest.get(str(target), '')}"

    def audio(self, event: Event) -> None:
        """Take a sound.

        Raises:
            ValueError: it is not one.
        """
        if event.fields.get("page") != self._page:
            return
        rate, samples = event.fields.get("sample_rate"), event.arrays.get("samples")
        if samples is None or samples.ndim != 1 or type(rate) is not int or rate not in _RATES:
            raise ValueError("a sound for the page must be samples [n] with a rate")
        key = secrets.token_hex(8)
        with self._lock:
            self._sounds[key] = _wav(samples, rate)
            self._newest[str(event.fields.get("target"))] = key
            while len(self._sounds) > MAX_SOUNDS or sum(map(len, self._sounds.values())) > MAX_BYTES:
                dropped = self._sounds.popitem(last=False)[0]
                self._newest = {target: one for target, one in self._newest.items() if one != dropped}

    def sound(self, key: str) -> bytes | None:
        """The WAV file of a sound, by the name that its reply has after `wav/`; None: it is not kept."""
        with self._lock:
            return self._sounds.get(key)

    def take_state(self, event: Event) -> None:
        """Take what is set.

        Raises:
            ValueError: a field is missing or wrong.
        """
        known = {name: event.fields[name] for name in ServerState.__dataclass_fields__ if name in event.fields}
        for name, value in known.items():
            if type(value) is not type(getattr(ServerState(), name)):
                raise ValueError(f"the {name} of a server cannot be {value!r:.60}")
        self.state = ServerState(**known)


def _wav(samples: np.ndarray, rate: int) -> bytes:
    """A WAV file of 16 bits, which every browser plays, of samples [n] within +-1; others are clipped."""
    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return memory.getvalue()
