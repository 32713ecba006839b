"""Publish what is loaded, rendered and played to renderers over ZeroMQ, and collect their replies.

One socket publishes, one collects (see renderer/ipc/messages.py). A thread does the work, so that neither the engine
nor the receive thread waits for a renderer.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from core.progress import Progress
from renderer.ipc import messages
from server.link.keyring import Keyring
from server.link.pages import KnownPages, Pages
from server.link.pending_requests import Answer, Later, PendingRequests
from server.link.renderer_ports import RendererPorts
from server.link.replay_cache import Play, ReplayCache, encode_samples, encode_sound
from server.link.shown_frames import Answer as FramesAnswer
from server.link.shown_frames import FrameQuestions
from server.sounds.rendered import RenderedSound

log = logging.getLogger(__name__)

_POLL_MS = 20
_BEAT_S = 2.0
# A renderer that has been silent for this long is gone.
_GONE_S = 5.0
_NO_RENDERER = "no renderer is connected; hallu serve starts one if an image model is installed"


class Publisher:
    """The two sockets and their thread. Methods may be called from any thread, and never wait.

    Attributes:
        pages: serves the pages of renderers; set before `start`. None: they cannot ask for anything.
    """

    def __init__(self, host: str, port: int, keyring: Keyring | None = None) -> None:
        """Bind `port` and the one after it; 0: any two.

        Args:
            host: where to listen.
            port: see above.
            keyring: who may connect; None: whoever reaches the ports.

        Raises:
            OSError: one of them is taken.
        """
        self._ports = RendererPorts(host, port, keyring)
        self.port = self._ports.port
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._requests = PendingRequests()
        self._questions = FrameQuestions()
        self._cache = ReplayCache()
        self._heartbeat_s = self._beat_s = float("-inf")
        # Whether renderers have connected again, and may have missed something.
        self._reconnected = False
        self._known_pages = KnownPages()
        self.pages: Pages | None = None
        self._topics = {
            "hello": self._hello,
            "heartbeat": self._heartbeat,
            "reply": lambda event: self._requests.close(event.fields),
            "progress": lambda event: self._requests.progress(event.fields, self._heartbeat_s),
            "frames": lambda event: self._questions.take(event),
            "notice": lambda event: self._requests.follow_up(event.fields),
            "ask": self._page_asks,
        }
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)

    @property
    def page(self) -> str:
        """The address of the renderer's page; "": there is none. May be read from any thread."""
        return self._known_pages.address(_GONE_S)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and free the ports."""
        self._do(self._send, messages.encode("bye"))
        self._do(self._stopping.set)
        self._thread.join(2.0)

    def loaded(self, name: str, latent_size: int, sample_rate: int) -> None:
        """Publish the loaded model; "" for none."""
        fields = {"model": name, "latent_size": latent_size, "sample_rate": sample_rate}
        self._do(self._publish_loaded, messages.encode("loaded", fields))

    def busy(self, busy: bool) -> None:
        """Publish whether the engine works."""
        self._do(self._publish_busy, busy)

    def rendered(self, sound: RenderedSound) -> None:
        """Publish a sound that was delivered."""
        self._do(self._publish_sound, sound)

    def play(self, target: str, position_s: float) -> None:
        """Publish that a client plays a sound from this position on."""
        self._do(self._publish_play, Play(target, position_s, time.monotonic()))

    def stop_playing(self, target: str) -> None:
        """Publish that a client has stopped a sound; "": whatever plays."""
        self._do(self._publish_stop, target)

    def ask(
        self,
        address: str,
        values: Mapping[str, Any],
        answer: Answer,
        progress: Progress | None = None,
        later: Later | None = None,
    ) -> None:
        """Send a command to the renderer.

        Args:
            address: of the command.
            values: its arguments by name.
            answer: called once, in the thread, with the replies and "", or with no replies and the reason.
            progress: called in the thread with steps done and in all, if the command takes long.
            later: called in the thread with messages that follow the answer.
        """
        self._do(self._ask, address, dict(values), answer, progress, later)

    def watch_frames(self) -> None:
        """Let renderers keep what they show in mind, those that connect later too."""
        self._do(self._publish_watch)

    def ask_frames(self, seconds: float, answer: FramesAnswer) -> None:
        """Ask the renderer what it has shown.

        Args:
            seconds: how far back.
            answer: called once, in the thread, with the frames and "", or with None and the reason.
        """
        self._do(self._ask_frames, seconds, answer)

    def publish(self, frames: list[bytes]) -> None:
        """Send the frames of a message to all renderers and pages."""
        self._do(self._send, frames)

    def _do(self, work: Callable[..., None], *args: Any) -> None:
        self._jobs.put(lambda: work(*args))

    def _send(self, frames: list[bytes]) -> None:
        self._ports.send(frames)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("publishing failed")
        self._ports.close()

    def _turn(self) -> None:
        while not self._jobs.empty():
            self._jobs.get()()
        # Short: new jobs wait this long.
        frames = self._ports.receive(_POLL_MS if self._jobs.empty() else 0)
        if frames is not None:
            try:
                self._take(messages.decode(frames))
            except ValueError as error:
                log.warning("from a renderer: %s", error)
        self._beat(time.monotonic())
        self._requests.give_up(time.monotonic(), self._gone)
        self._questions.give_up(time.monotonic(), self._gone)
        if self.pages and self._known_pages.any:
            self.pages.report()

    def _beat(self, now_s: float) -> None:
        if now_s - self._beat_s > _BEAT_S:
            self._beat_s = now_s
            self._reconnected |= self._ports.shut_out()
            self._send(messages.encode("beat"))

    def _publish_busy(self, busy: bool) -> None:
        self._send(messages.encode("busy", {"busy": busy}))

    def _publish_loaded(self, frames: list[bytes]) -> None:
        self._cache.loaded = frames
        self._send(frames)

    def _publish_sound(self, sound: RenderedSound) -> None:
        if sound.part >= 0:
            # It comes again, longer; nobody who connects later needs this one.
            return None if self._gone else self._send(encode_sound(sound))
        if self._never:
            # To encode a note takes as long as to render its head.
            return self._cache.add_rendered(sound)
        message, samples = encode_sound(sound), encode_samples(sound)
        self._cache.add(message, samples)
        self._send(message)
        # Without a renderer that receives them, samples would pile up in memory.
        if samples and not self._gone:
            self._send(samples)

    def _publish_play(self, play: Play) -> None:
        self._cache.play = play
        self._send(play.encode())

    def _publish_stop(self, target: str) -> None:
        if self._cache.play and target in ("", self._cache.play.target):
            self._cache.play = None
        self._send(messages.encode("stop", {"target": target}))

    def _ask(
        self, address: str, values: dict[str, Any], answer: Answer, progress: Progress | None, later: Later | None
    ) -> None:
        if self._gone:
            return answer([], _NO_RENDERER)
        self._requests.follow(address, later)
        number = self._requests.open(answer, time.monotonic(), progress)
        self._send(messages.encode("command", {"id": number, "address": address, "values": values}))

    def _publish_watch(self) -> None:
        self._cache.watched = True
        self._send(messages.encode("watch"))

    def _ask_frames(self, seconds: float, answer: FramesAnswer) -> None:
        if self._gone:
            return answer(None, _NO_RENDERER)
        number = self._questions.open(answer, time.monotonic())
        self._send(messages.encode("frames", {"id": number, "seconds": seconds}))

    @property
    def _never(self) -> bool:
        """Whether no renderer has been connected so far."""
        return self._heartbeat_s == float("-inf")

    @property
    def _gone(self) -> bool:
        return time.monotonic() - self._heartbeat_s > _GONE_S

    def _take(self, event: messages.Event) -> None:
        if _has_images(event):
            self._heartbeat_s = time.monotonic()
        if event.topic not in self._topics:
            raise ValueError(f"{event.topic!r:.40} is not a topic of a renderer")
        self._topics[event.topic](event)

    def _hello(self, event: messages.Event) -> None:
        if not _has_images(event):
            return self._send(messages.encode("welcome"))
        log.info("renderer connected")
        # It does not know the commands of the one before.
        self._requests.give_up(self._heartbeat_s, gone=True)
        self._questions.give_up(self._heartbeat_s, gone=True)
        self._send(messages.encode("welcome"))
        self._replay()

    def _replay(self) -> None:
        for frames in self._cache.replay():
            self._send(frames)

    def _heartbeat(self, event: messages.Event) -> None:
        if self._reconnected and _has_images(event):
            self._reconnected = False
            self._replay()
        page = self._known_pages.see(event.fields.get("page", ""), _has_images(event) or self._gone)
        if page and self.pages:
            self.pages.scan()

    def _page_asks(self, event: messages.Event) -> None:
        if self.pages is None:
            raise ValueError("this server takes no commands from pages")
        if event.fields.get("address") is None:
            return self.pages.report(again=True)
        self.pages.ask(event.fields)


def _has_images(event: messages.Event) -> bool:
    """Whether a message comes from a renderer that renders, not from a page without images."""
    return event.topic != "ask" and event.fields.get("images") is not False
