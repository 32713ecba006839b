"""The sinks that are on, each in its own thread. The newest frame wins: a slow program skips frames, nobody waits."""

import logging
import threading
from collections.abc import Callable, Mapping

import numpy as np

from core import errors
from renderer.sinks.catalog import CLASSES
from renderer.sinks.sink import PictureSink
from renderer.video.shape import Shape
from renderer.web.frames import Frames

log = logging.getLogger(__name__)

# A still frame is repeated, for programs that start to look at it now.
_REPEAT_S = 0.5
_PATIENCE_S = 3.0
SIZE = "1280x720"


class Output:
    """One sink that is on, with its thread, until it is stopped or fails."""

    def __init__(self, sink: PictureSink, frames: Frames, shape: Shape, failed: Callable[[str], None]) -> None:
        """Start; `failed` is called from the thread with a sentence if it has to end."""
        self._sink, self._frames, self._shape, self._failed = sink, frames, shape, failed
        self._stopping = threading.Event()
        self._size: tuple[int, int] | None = None
        self._side = 0
        self._thread = threading.Thread(target=self._run, name="picture output", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; a program that blocks is waited for only some seconds."""
        self._stopping.set()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        number = 0
        try:
            while not self._stopping.is_set():
                number, frame = self._frames.wait(number, _REPEAT_S)
                if frame is not None:
                    self._send(frame)
        except Exception as error:
            log.debug("a picture output failed", exc_info=True)
            self._failed(errors.sentence(error))
        finally:
            self._sink.close()

    def _send(self, frame: np.ndarray) -> None:
        height = len(frame)
        # Images are squares; those of another model may have another side.
        if height != self._side:
            self._side, self._fitted = height, self._shape.fitted(height)
            self._reopen(self._shape.at(height))
        self._sink.send(self._fitted(frame))

    def _reopen(self, size: tuple[int, int]) -> None:
        if size == self._size:
            return
        if self._size:
            self._sink.close()
        self._sink.open(*size)
        self._size = size


class Outputs:
    """All sinks, on or off, by name. Methods may be called from any thread."""

    def __init__(
        self,
        frames: Frames,
        failed: Callable[[str, str], None] = lambda name, reason: None,
        classes: Mapping[str, type[PictureSink]] = CLASSES,
    ) -> None:
        """`failed` is called with the name and a sentence when one that was on has to end."""
        self._frames, self._tell, self._classes = frames, failed, classes
        self._shape = Shape(SIZE)
        self._on: dict[str, Output] = {}
        self._problems: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def on(self) -> tuple[str, ...]:
        """Names of those that are on."""
        return tuple(self._on)

    def use(self, size: str) -> None:
        """Send frames of another size from now on, "1280x720" or a ratio; "" keeps it.

        Raises:
            ValueError: it is not a size.
        """
        if size:
            self._shape = Shape(size)

    def state(self) -> dict[str, str]:
        """By name: "on", "off", or a sentence that says why it cannot be used or has ended."""
        return {name: self._state(name) for name in self._classes}

    def _state(self, name: str) -> str:
        if name in self._on:
            return "on"
        return self._problems.get(name) or self._classes[name].missing() or "off"

    def start(self, name: str) -> None:
        """Switch a sink on; nothing happens if it is on.

        Raises:
            ValueError: it cannot be used here; the message says what to install.
        """
        problem = self._classes[name].missing()
        if problem:
            raise ValueError(problem)
        with self._lock:
            self._problems.pop(name, None)
            if name not in self._on:
                self._on[name] = Output(
                    self._classes[name](), self._frames, self._shape, lambda reason: self._failed(name, reason)
                )

    def stop(self, name: str) -> None:
        """Switch a sink off."""
        with self._lock:
            output = self._on.pop(name, None)
        if output:
            output.stop()

    def close(self) -> None:
        """Switch all off."""
        for name in self.on:
            self.stop(name)

    def _failed(self, name: str, reason: str) -> None:
        with self._lock:
            self._on.pop(name, None)
            self._problems[name] = reason
        log.warning("%s: %s", name, reason)
        self._tell(name, reason)
