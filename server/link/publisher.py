"""Tells renderers over ZeroMQ what is loaded, made and played, and brings their answers back.

One socket publishes, one collects (see renderer/ipc/messages.py). A thread of its own does what takes time, so
that neither the engine nor the receive thread waits for pictures.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import zmq

from core.audio.features import features
from core.progress import Progress
from renderer.ipc import messages
from server.link.pending_requests import Answer, PendingRequests
from server.link.replay_cache import ReplayCache, command, playing, setting, waved
from server.osc.packet import Message
from server.sounds.rendered import RenderedSound

log = logging.getLogger(__name__)

_POLL_MS = 20
_TRIES = 20
# A renderer that has been silent for so long is not there.
_GONE_S = 5.0


class Publisher:
    """The two sockets and their thread. Its methods may be called from any thread, and never wait."""

    def __init__(self, host: str, port: int) -> None:
        """Bind `port` and the one after it; 0: any two.

        Raises:
            OSError: one is taken.
        """
        self._context = zmq.Context()
        self.port = self._bind(host, port)
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._questions = PendingRequests()
        self._heard = ReplayCache()
        self._beat_s = float("-inf")
        self._page = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)

    def _bind(self, host: str, port: int) -> int:
        for _ in range(1 if port else _TRIES):
            try:
                self._out = self._socket(zmq.PUB, host, port)
                found = int(self._out.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
                self._in = self._socket(zmq.PULL, host, found + 1)
                return found
            except zmq.ZMQError as error:
                reason = error.strerror
                # The first may have been bound; its neighbour was not free.
                self._context.destroy(linger=0)
                self._context = zmq.Context()
        raise OSError(f"cannot publish on {host}:{port} and the port after it: {reason}; see --image-port")

    def _socket(self, kind: int, host: str, port: int) -> zmq.Socket[bytes]:
        made = self._context.socket(kind)
        made.ipv6, made.maxmsgsize = ":" in host, messages.MAX_BYTES
        made.bind(f"tcp://{f'[{host}]' if ':' in host else host}:{port or '*'}")
        return made

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give the ports back."""
        self._do(self._send, messages.encode("bye"))
        self._do(self._stopping.set)
        self._thread.join(2.0)

    def loaded(self, name: str, latent_size: int, sample_rate: int) -> None:
        """A model plays from now on; "" for none."""
        told = {"model": name, "latent_size": latent_size, "sample_rate": sample_rate}
        self._do(self._publish_loaded, messages.encode("loaded", told))

    def busy(self, busy: bool) -> None:
        """The engine makes sounds, or has finished."""
        self._do(self._send, messages.encode("busy", {"busy": busy}))

    def made(self, made: RenderedSound) -> None:
        """A sound was delivered."""
        self._do(self._publish_made, made)

    def play(self, target: str, position_s: float) -> None:
        """A client plays a sound from this position on."""
        self._do(self._publish_play, (target, position_s, time.monotonic()))

    def silence(self, target: str) -> None:
        """A client has stopped a sound; "": whatever plays."""
        self._do(self._publish_stop, target)

    def ask(self, address: str, values: Mapping[str, Any], answer: Answer, progress: Progress | None = None) -> None:
        """Let the renderer do a command.

        Args:
            address: of the command.
            values: its arguments by name.
            answer: called once, in the thread, with the replies and "", or with the reason why not.
            progress: called in the thread with what is done and what in all, if it takes long.
        """
        self._do(self._ask, address, dict(values), answer, progress)

    def _do(self, work: Callable[..., None], *args: Any) -> None:
        self._jobs.put(lambda: work(*args))

    def _send(self, frames: list[bytes]) -> None:
        self._out.send_multipart(frames)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("publishing went wrong")
        # A moment for the last words.
        self._context.destroy(linger=200)

    def _turn(self) -> None:
        while not self._jobs.empty():
            self._jobs.get()()
        # Short, for what the queue gets meanwhile waits as long.
        if self._in.poll(_POLL_MS if self._jobs.empty() else 0):
            try:
                self._take(messages.decode(self._in.recv_multipart()))
            except ValueError as error:
                log.warning("from a renderer: %s", error)
        self._questions.give_up(time.monotonic(), self._gone)

    def _publish_loaded(self, frames: list[bytes]) -> None:
        self._heard.loaded = frames
        self._send(frames)

    def _publish_made(self, made: RenderedSound) -> None:
        heard = features(made.wave, made.sample_rate)
        told = {
            "target": made.target,
            "kind": made.kind,
            "duration_s": len(made.wave) / made.sample_rate,
            "sample_rate": made.sample_rate,
            "pitch": made.pitch,
        }
        arrays = {"key_times_s": np.array(made.key_times_s), "keys": made.keys}
        arrays |= {"loudness": heard.loudness, "onsets": heard.onsets, "chroma": heard.chroma}
        frames = messages.encode("made", told, **arrays)
        wave = waved(made)
        self._heard.make(frames, wave)
        self._send(frames)
        # For one that stands still, waves would pile up in memory.
        if wave and not self._gone:
            self._send(wave)

    def _publish_play(self, play: tuple[str, float, float]) -> None:
        self._heard.play = play
        self._send(playing(play))

    def _publish_stop(self, target: str) -> None:
        if self._heard.play and target in ("", self._heard.play[0]):
            self._heard.play = None
        self._send(messages.encode("stop", {"target": target}))

    def _ask(self, address: str, values: dict[str, Any], answer: Answer, progress: Progress | None) -> None:
        if self._gone:
            answer([], "no renderer is connected; hallu serve starts one if an image model is installed (hallu models)")
            return

        def keep(replies: list[Message], error: str) -> None:
            if not error:
                self._heard.set(address, values)
            answer(replies, error)

        number = self._questions.open(keep, time.monotonic(), progress)
        self._send(command(number, address, values))

    @property
    def _gone(self) -> bool:
        return time.monotonic() - self._beat_s > _GONE_S

    def _take(self, event: messages.Event) -> None:
        self._beat_s = time.monotonic()
        if event.topic == "hello":
            log.info("a renderer is there")
            # It does not know what was asked of the one before.
            self._questions.give_up(self._beat_s, gone=True)
            self._tell_again()
        elif event.topic == "beat":
            self._tell_page(str(event.fields.get("page", "")))
        elif event.topic == "reply":
            self._questions.close(event.fields)
        elif event.topic == "progress":
            self._questions.go_on(event.fields, self._beat_s)
        elif event.topic == "set":
            self._heard.set(*setting(event.fields))
        else:
            raise ValueError(f"{event.topic!r:.40} is no topic of a renderer")

    def _tell_page(self, page: str) -> None:
        if page != self._page:
            self._page = page
            log.info("the pictures are at %s", page)

    def _tell_again(self) -> None:
        self._send(messages.encode("welcome"))
        for frames in self._heard.again():
            self._send(frames)
