"""Render frames in a thread, each for the moment at which it will be shown."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.protocols import ImageModel, Move
from renderer.live.fade import shaded
from renderer.live.frame_clock import FrameClock
from renderer.live.preview import PreviewChoice
from renderer.live.scene import FrameTask, Scene
from renderer.web.frames import Frames

log = logging.getLogger(__name__)

# A model that needs less than this part of the time for it is shown at FAST_FPS, another one at FULL_FPS. One that is
# shown so stays until it needs more than KEPT_SHARE.
FAST_FPS, FULL_FPS = 60.0, 30.0
SHARE, KEPT_SHARE = 0.5, 0.7
# While the sound engine works, frames take at most SHARE of the time of the threads that render, or up to KEPT_SHARE
# where that is enough for FULL_FPS, but this many always come; and fewer while nobody watches.
BUSY_FPS, UNWATCHED_FPS = 6.0, 5.0
# A viewer who fetched a frame within this time is still watching.
_WATCHED_S = 3.0
# Further ahead, a frame would be a guess.
_LONGEST_AHEAD_S = 0.5
_AFTER_ERROR_S = 1.0
_SHORTEST_S, _HELD_S = 1e-4, 0.02


@dataclass(frozen=True)
class Rates:
    """Frames per second to aim at.

    Attributes:
        full: while somebody watches; None: FAST_FPS for a model that is fast enough, else FULL_FPS.
        busy: at least, while the sound engine works.
        unwatched: while nobody watches.
    """

    full: float | None = None
    busy: float = BUSY_FPS
    unwatched: float = UNWATCHED_FPS


def render(task: FrameTask, preview: bool = False) -> np.ndarray:
    """The frame of a task, uint8 [H, W, 3]; a preview is of half the size, enlarged, where the model can do that."""
    generator_input, model = task.generator_input, task.model
    z = (task.truncation * generator_input.z)[None].astype(np.float32)
    given = (z, generator_input.class_weights[None].astype(np.float32), task.truncation)
    offsets = task.directions.offsets(generator_input.edits) if task.directions else None
    moves = [Move(task.directions.layer, offsets)] if task.directions and offsets is not None else []
    options: dict[str, Any] = {"bends": task.bends} if task.bends else {}
    if task.noise is not None:
        options["noise"] = task.noise
    if preview and has_preview(model):
        options["preview"] = True
    (frame,) = model.render(*given, moves=moves, **options)
    return np.asarray(frame)


def has_preview(model: ImageModel) -> bool:
    """Whether a model renders frames of half the size too."""
    return bool(getattr(model, "has_preview", False))


class RenderLoop:
    """The loop and its thread.

    Attributes:
        busy: set from outside while the sound engine works.
        held: set from outside while nothing is to be shown yet.
        frame_clock: frame rate, render times, dropped frames.
    """

    def __init__(
        self, scene: Scene, frames: Frames, rates: Rates | None = None, recording: Callable[[], bool] = lambda: False
    ) -> None:
        """Render `scene` into `frames`; `recording` tells whether frames are being recorded."""
        self._scene, self._frames, self._rates, self._recording = scene, frames, rates or Rates(), recording
        self.busy = self.held = False
        self.frame_clock = FrameClock(time.monotonic())
        self._preview = PreviewChoice()
        self._fast = False
        self._model: ImageModel | None = None
        self._encoded, self._watched_s = 0, float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="render", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current frame."""
        self._stopping.set()
        self._thread.join(10.0)

    @property
    def ended(self) -> bool:
        """Whether the thread has ended, or was not started."""
        return not self._thread.is_alive()

    @property
    def preview(self) -> bool:
        """Whether frames are of half their size, because whole ones come too slowly."""
        return self._preview.active

    def period_s(self, now_s: float) -> float:
        """Seconds from one frame to the next, under the current conditions."""
        takes_s = self.frame_clock.render_time_s()
        rates = [self._rates.full or self._fitting(takes_s)]
        if self.busy:
            rates.append(max(self._rates.busy, _busy_share(takes_s) / max(takes_s, _SHORTEST_S)))
        if not self._watched(now_s):
            rates.append(self._rates.unwatched)
        return 1.0 / min(rates)

    def _fitting(self, takes_s: float) -> float:
        """The frame rate for frames that take so long."""
        self._fast = takes_s * FAST_FPS < (KEPT_SHARE if self._fast else SHARE)
        return FAST_FPS if self._fast else FULL_FPS

    def _watched(self, now_s: float) -> bool:
        # Frames are encoded only for somebody who watches.
        if self._frames.encoded != self._encoded or self._recording():
            self._encoded, self._watched_s = self._frames.encoded, now_s
        return now_s - self._watched_s < _WATCHED_S

    def _run(self) -> None:
        while not self._stopping.wait(self.frame_clock.wait_s(time.monotonic())):
            try:
                self._turn()
            except Exception:
                log.exception("a frame could not be rendered")
                self._stopping.wait(_AFTER_ERROR_S)

    def _render(self, task: FrameTask, level: float) -> np.ndarray:
        """The frame of a task; where it is black anyway, nothing is computed."""
        if not level:
            return np.zeros((task.model.size, task.model.size, 3), np.uint8)
        return render(task, self._preview.active)

    def _turn(self) -> None:
        begun_s = time.monotonic()
        if self.held:
            return self.frame_clock.skip(begun_s, _HELD_S)
        task = self._scene.frame_task(begun_s + min(self.frame_clock.render_time_s(), _LONGEST_AHEAD_S))
        if task is None:
            return self.frame_clock.skip(begun_s, 0.1)
        if task.model is not self._model:
            self._model = task.model
            self.frame_clock.forget_render_times()
        level = self._scene.fade.at(begun_s)
        self._frames.put(shaded(self._render(task, level), level))
        now_s = time.monotonic()
        period_s = self.period_s(now_s)
        if level:
            self._preview.record(now_s - begun_s, period_s, has_preview(task.model))
        self.frame_clock.done(begun_s, now_s, period_s, usual=bool(level))


def _busy_share(takes_s: float) -> float:
    """The part of the time that frames may take while the sound engine works.

    It falls from KEPT_SHARE to SHARE without a step, so that a rate between the two does not jump up and down.
    """
    needed = takes_s * FULL_FPS
    return max(SHARE, min(needed, 2.0 * KEPT_SHARE - needed))
