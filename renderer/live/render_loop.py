"""Paints, in a thread of its own: each picture for the moment at which it will be there."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.protocols import Move
from renderer.live.frame_clock import FrameClock
from renderer.live.scene import FrameTask, Scene
from renderer.web.frames import Frames

log = logging.getLogger(__name__)

# While the sound engine works, and while nobody looks, there are fewer.
BUSY_FPS, UNSEEN_FPS = 6.0, 5.0
# Somebody who looked within this time still does.
_SEEN_S = 3.0
# A picture for a moment further ahead would only be guessed.
_LONGEST_AHEAD_S = 0.5
_AFTER_FAULT_S = 1.0


@dataclass(frozen=True)
class Rates:
    """Pictures a second that are aimed at."""

    full: float = 30.0
    busy: float = BUSY_FPS
    unseen: float = UNSEEN_FPS


def paint(task: FrameTask) -> np.ndarray:
    """The picture of a task, uint8 [H, W, 3]."""
    point, painter = task.point, task.painter
    noise = (task.truncation * point.noise)[None].astype(np.float32)
    given = (noise, point.weights[None].astype(np.float32), task.truncation)
    moved = task.directions.offsets(point.edits) if task.directions else None
    moves = [Move(task.directions.layer, moved)] if task.directions and moved is not None else []
    (picture,) = painter.render(*given, moves=moves)
    return np.asarray(picture)


class RenderLoop:
    """The loop. `busy` is set from outside while sounds are made; `recording` says whether pictures are kept."""

    def __init__(
        self, show: Scene, frames: Frames, rates: Rates | None = None, recording: Callable[[], bool] = lambda: False
    ) -> None:
        self._show, self._frames, self._rates, self._recording = show, frames, rates or Rates(), recording
        self.busy = False
        self.pace = FrameClock(time.monotonic())
        self._encoded, self._seen_s = 0, float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stage", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the picture that is being painted."""
        self._stopping.set()
        self._thread.join(10.0)

    @property
    def ended(self) -> bool:
        """Whether no picture is being painted any more."""
        return not self._thread.is_alive()

    def period_s(self, now_s: float) -> float:
        """From one picture to the next, as things are."""
        rates = [self._rates.full]
        if self.busy:
            rates.append(self._rates.busy)
        if not self._seen(now_s):
            rates.append(self._rates.unseen)
        return 1.0 / min(rates)

    def _seen(self, now_s: float) -> bool:
        # Pictures are encoded only for somebody who looks.
        if self._frames.encoded != self._encoded or self._recording():
            self._encoded, self._seen_s = self._frames.encoded, now_s
        return now_s - self._seen_s < _SEEN_S

    def _run(self) -> None:
        while not self._stopping.wait(self.pace.wait_s(time.monotonic())):
            try:
                self._turn()
            except Exception:
                log.exception("a picture could not be painted")
                self._stopping.wait(_AFTER_FAULT_S)

    def _turn(self) -> None:
        begun_s = time.monotonic()
        task = self._show.task(begun_s + min(self.pace.took_s(), _LONGEST_AHEAD_S))
        if task is None:
            return self.pace.skip(begun_s, 0.1)
        self._frames.put(paint(task))
        now_s = time.monotonic()
        self.pace.done(begun_s, now_s, self.period_s(now_s))
