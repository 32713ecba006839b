"""What is to be painted at a time: settings, what plays, and smooth ways from one to the other."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.protocols import ImageModel
from renderer.live import idle_motion
from renderer.live.generator_input import GeneratorInput
from renderer.live.reactive_path import ReactivePath
from renderer.live.settings import Settings
from renderer.live.sounds import PlayedSound
from renderer.live.tempo_clock import TempoClock, noise_at
from renderer.live.transport import Playing, Transport

if TYPE_CHECKING:
    from renderer.live.directions import Directions

log = logging.getLogger(__name__)

# How long the picture takes to something new: short where it must be in time with a sound.
TO_SOUND_S, TO_OTHER_S = 0.35, 1.2
# Time that is counted for the first picture, or after a long pause.
_LONGEST_STEP_S = 0.5
# Edits, in standard deviations, that nobody sees.
_UNSEEN = 0.02


@dataclass(frozen=True)
class FrameTask:
    """A picture to paint."""

    painter: ImageModel
    point: GeneratorInput
    truncation: float
    directions: "Directions | None" = None


@dataclass(frozen=True)
class _Bridge:
    """A way from a point to wherever the picture is to be, begun at a time."""

    start: GeneratorInput
    since_s: float
    length_s: float

    def blend(self, target: GeneratorInput, now_s: float) -> GeneratorInput:
        part = min(1.0, max(0.0, (now_s - self.since_s) / self.length_s))
        return self.start.towards(target, part * part * (3.0 - 2.0 * part))


class Scene:
    """All that decides the picture. Its methods may be called from any thread; times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._settings = Settings()
        self._painter: ImageModel | None = None
        # Those that pictures move along, and those that were loaded last: first the edits along the former go.
        self._moving: Directions | None = None
        self._directions: Directions | None = None
        self._changes = 0
        self.player = Transport()
        # As of the picture that is painted.
        self._playing: Playing | None = None
        self._way: tuple[Any, ReactivePath] | None = None
        self._beat = TempoClock(self._settings.bpm, 0.0)
        self._shown: GeneratorInput | None = None
        self._shown_s = float("-inf")
        self._driven: tuple[Any, ...] = (None,)
        self._bridge: _Bridge | None = None

    @property
    def settings(self) -> Settings:
        """As they are."""
        return self._settings

    @property
    def painter(self) -> ImageModel | None:
        """The loaded picture model."""
        return self._painter

    @property
    def directions(self) -> "Directions | None":
        """The loaded directions."""
        return self._directions

    @property
    def changes(self) -> int:
        """How many there were of settings, model and directions: who asks again sees whether anything is different."""
        return self._changes

    def set_now(self) -> "tuple[Settings, ImageModel | None, Directions | None]":
        """Settings, model and directions that belong together."""
        with self._lock:
            return self._settings, self._painter, self._directions

    @property
    def shown(self) -> GeneratorInput | None:
        """What was painted last."""
        return self._shown

    def change(self, change: Callable[[Settings], Settings], now_s: float) -> None:
        """Set something.

        Raises:
            ValueError: the change does; then all stays.
        """
        with self._lock:
            self._settings = change(self._settings)
            self._changes += 1
            self._beat = self._beat.at_tempo(self._settings.bpm, now_s)

    def open(self, painter: ImageModel, classes: tuple[int, ...]) -> None:
        """Paint with this model, these classes of it, from now on."""
        with self._lock:
            self._painter, self._shown, self._bridge = painter, None, None
            self._moving = self._directions = None
            self._settings = replace(self._settings, classes=classes, edits=())
            self._changes += 1

    def direct(self, directions: "Directions") -> None:
        """Move along these directions of the loaded model; no edits are set then."""
        with self._lock:
            self._directions = directions
            self._settings = replace(self._settings, edits=())
            self._changes += 1

    def play(self, target: str, position_s: float, now_s: float) -> None:
        """This target plays, and is at this position now; the beat begins with it."""
        with self._lock:
            self._beat = TempoClock(self._settings.bpm, self.player.play(target, position_s, now_s))

    def playing(self, now_s: float) -> tuple[str, float, float] | None:
        """What sounds: target, position and duration in seconds (0: not known)."""
        playing = self.player.at(now_s)
        if playing is None:
            return None
        return playing.target, now_s - playing.since_s, playing.sound.duration_s if playing.sound else 0.0

    def task(self, now_s: float) -> FrameTask | None:
        """What to paint for a time, which is not before that of the task before; None: there is no model."""
        with self._lock:
            if self._painter is None:
                return None
            self._playing = self.player.at(now_s)
            self._turn()
            self._shown, self._shown_s = self._smooth(self._bridged(self._target(now_s), now_s), now_s), now_s
            return FrameTask(self._painter, self._shown, self._settings.truncation, self._moving)

    def _turn(self) -> None:
        """Go over to the directions that were loaded, once nothing is seen of the edits along those before."""
        if self._moving is self._directions or (self._shown and np.abs(self._shown.edits).max(initial=0.0) > _UNSEEN):
            return
        self._moving = self._directions
        still = self._moving.row(()) if self._moving else np.zeros(0)
        if self._shown:
            self._shown = self._shown._replace(edits=still)
        if self._bridge:
            self._bridge = replace(self._bridge, start=self._bridge.start._replace(edits=still))

    def _edits(self) -> np.ndarray:
        """How far along each direction the picture is to be."""
        if self._moving is None:
            return np.zeros(0)
        return self._moving.row(self._settings.edits if self._moving is self._directions else ())

    def _target(self, now_s: float) -> GeneratorInput:
        """Where the picture would be if it had always been on its way there."""
        return self._place(now_s)._replace(edits=self._edits())

    def _place(self, now_s: float) -> GeneratorInput:
        assert self._painter is not None
        settings, painter = self._settings, self._painter
        sound = self._playing.sound if self._playing and settings.mode != "free" else None
        if self._playing and sound:
            point = self._followed(sound).at(now_s - self._playing.since_s, settings.jitter)
        else:
            point = idle_motion.walk(now_s, painter.z_size, settings.classes, painter.num_classes)
        if settings.mode != "tempo":
            return point
        beats = self._beat.at(now_s)
        return point._replace(noise=noise_at(beats, settings.oscillators, painter.z_size))

    def _followed(self, sound: PlayedSound) -> ReactivePath:
        assert self._painter is not None
        key = (sound, self._painter, self._settings.classes)
        if self._way is None or self._way[0] != key:
            way = ReactivePath(sound, self._painter.z_size, self._settings.classes, self._painter.num_classes)
            self._way = (key, way)
        return self._way[1]

    def _drives(self) -> tuple[Any, ...]:
        """What drives the picture, the sound first; another one is gone over to smoothly."""
        settings, playing = self._settings, self._playing
        followed = playing.number if playing and playing.sound and settings.mode != "free" else None
        swinging = tuple(settings.oscillators.items()) if settings.mode == "tempo" else ()
        return followed, settings.mode, settings.classes, swinging

    def _bridged(self, target: GeneratorInput, now_s: float) -> GeneratorInput:
        drives = self._drives()
        if drives != self._driven and self._shown is not None:
            to_sound = drives[0] is not None and drives[0] != self._driven[0]
            self._bridge = _Bridge(self._shown, self._shown_s, TO_SOUND_S if to_sound else TO_OTHER_S)
        self._driven = drives
        if self._bridge is None or now_s >= self._bridge.since_s + self._bridge.length_s:
            self._bridge = None
            return target
        return self._bridge.blend(target, now_s)

    def _smooth(self, target: GeneratorInput, now_s: float) -> GeneratorInput:
        lag_s = self._settings.lag_s
        if self._shown is None or not lag_s:
            return target
        step_s = min(_LONGEST_STEP_S, max(0.0, now_s - self._shown_s))
        return self._shown.towards(target, 1.0 - float(np.exp(-step_s / lag_s)))
