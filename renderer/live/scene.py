"""What to render at a time: settings, model, directions, what plays, and smooth transitions between them."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.protocols import ImageModel
from renderer.bending import Bend
from renderer.live import bends, idle_motion, signals
from renderer.live.fade import Fade
from renderer.live.generator_input import GeneratorInput
from renderer.live.reactive_path import ReactivePath
from renderer.live.settings import Settings
from renderer.live.sounds import PlayedSound
from renderer.live.tempo_clock import TempoClock, z_at
from renderer.live.transport import Playing, Transport

if TYPE_CHECKING:
    from renderer.live.directions import Directions

log = logging.getLogger(__name__)

# Lengths of transitions: short where the image must be in time with a sound.
TO_SOUND_S, TO_OTHER_S = 0.35, 1.2
# Longest time step of smoothing: for the first frame, or after a long pause.
_LONGEST_STEP_S = 0.5
# Edits, in standard deviations, that are too small to see.
_INVISIBLE = 0.02


@dataclass(frozen=True)
class FrameTask:
    """One frame to render."""

    model: ImageModel
    generator_input: GeneratorInput
    truncation: float
    directions: "Directions | None" = None
    bends: tuple[Bend, ...] = ()
    noise: Any = None


@dataclass(frozen=True)
class _Transition:
    """A blend from a fixed point to the current target, which may move meanwhile."""

    start: GeneratorInput
    since_s: float
    length_s: float

    def blend(self, target: GeneratorInput, now_s: float) -> GeneratorInput:
        part = min(1.0, max(0.0, (now_s - self.since_s) / self.length_s))
        return self.start.towards(target, part * part * (3.0 - 2.0 * part))


class Scene:
    """All that determines a frame. Methods may be called from any thread; times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._settings = Settings()
        self._model: ImageModel | None = None
        # The directions in use, and those loaded last: first the edits along the former fade out.
        self._active: Directions | None = None
        self._directions: Directions | None = None
        self._changes = 0
        self.transport = Transport()
        # As of the last frame.
        self._playing: Playing | None = None
        self._path: tuple[Any, ReactivePath] | None = None
        self._tempo_clock = TempoClock(self._settings.bpm, 0.0)
        self._shown: GeneratorInput | None = None
        self._shown_s = float("-inf")
        self._source: tuple[Any, ...] = (None,)
        self._transition: _Transition | None = None
        self._signals = signals.Signals()
        self._fade = Fade()
        # The settings with what the signals move, as of this frame.
        self._moved = self._settings

    @property
    def settings(self) -> Settings:
        """The current settings."""
        return self._settings

    @property
    def model(self) -> ImageModel | None:
        """The loaded image model."""
        return self._model

    @property
    def directions(self) -> "Directions | None":
        """The loaded directions."""
        return self._directions

    @property
    def changes(self) -> int:
        """A count of all changes of settings, model and directions."""
        return self._changes

    @property
    def fade(self) -> Fade:
        """The fade to black or back that runs, or ran last."""
        return self._fade

    def fade_to(self, level: float, seconds: float, now_s: float) -> None:
        """Fade to a level, 0..1, within so many seconds."""
        with self._lock:
            self._fade = self._fade.to(level, seconds, now_s)
            self._changes += 1

    def snapshot(self) -> "tuple[Settings, ImageModel | None, Directions | None]":
        """Settings, model and directions that belong together."""
        with self._lock:
            return self._settings, self._model, self._directions

    @property
    def shown(self) -> GeneratorInput | None:
        """The input of the last frame."""
        return self._shown

    def change(self, change: Callable[[Settings], Settings], now_s: float) -> None:
        """Replace the settings.

        Raises:
            ValueError: `change` raised it; then nothing changes.
        """
        with self._lock:
            self._settings = change(self._settings)
            self._changes += 1
            self._tempo_clock = self._tempo_clock.at_tempo(self._settings.bpm, now_s)

    def signal(self, values: Mapping[str, float]) -> None:
        """Set the values of control signals, 0..1.

        Raises:
            ValueError: there are too many.
        """
        with self._lock:
            for name, value in values.items():
                self._signals.set(name, value)

    def use_model(self, model: ImageModel, classes: tuple[int, ...], **noise: Any) -> None:
        """Render with this model and these of its classes from now on; bends of layers that it does not have end.

        Args:
            model: to render with.
            classes: their numbers.
            noise: settings of the noise that change with it.
        """
        with self._lock:
            self._model, self._shown, self._transition = model, None, None
            self._active = self._directions = None
            kept = bends.kept(self._settings.bends, model)
            self._settings = replace(self._settings, classes=classes, edits=(), bends=kept, **noise)
            self._changes += 1

    def use_directions(self, directions: "Directions") -> None:
        """Use these directions of the loaded model; edits are reset."""
        with self._lock:
            self._directions = directions
            self._settings = replace(self._settings, edits=())
            self._changes += 1

    def play(self, target: str, position_s: float, now_s: float) -> None:
        """Follow this target, which is at this position now; beat 0 is its beginning."""
        with self._lock:
            self._tempo_clock = TempoClock(self._settings.bpm, self.transport.play(target, position_s, now_s))

    def playing(self, now_s: float) -> tuple[str, float, float] | None:
        """What plays: target, position and duration in seconds (0: not known)."""
        playing = self.transport.at(now_s)
        if playing is None:
            return None
        return playing.target, now_s - playing.since_s, playing.sound.duration_s if playing.sound else 0.0

    def frame_task(self, now_s: float) -> FrameTask | None:
        """What to render for a time; times must not decrease. None: there is no model."""
        with self._lock:
            if self._model is None:
                return None
            self._playing = self.transport.at(now_s)
            self._signals.follow(self._heard(now_s))
            values = self._signals.at(min(_LONGEST_STEP_S, max(0.0, now_s - self._shown_s)))
            self._moved = signals.applied(self._settings, values)
            self._switch_directions()
            self._shown, self._shown_s = self._smooth(self._blend(self._target(now_s), now_s), now_s), now_s
            bent = bends.bends_at(self._moved, self._model, now_s)
            noise = bends.noise_at(self._moved, self._model, now_s)
            return FrameTask(self._model, self._shown, self._moved.truncation, self._active, bent, noise)

    def _heard(self, now_s: float) -> dict[str, float]:
        """The signals of the sound that plays."""
        playing = self._playing
        return signals.of_sound(playing.sound, now_s - playing.since_s) if playing and playing.sound else {}

    def _switch_directions(self) -> None:
        """Change to the directions loaded last, once the edits along those before are invisible."""
        if self._active is self._directions or (
            self._shown and np.abs(self._shown.edits).max(initial=0.0) > _INVISIBLE
        ):
            return
        self._active = self._directions
        zeros = self._active.row(()) if self._active else np.zeros(0)
        if self._shown:
            self._shown = self._shown._replace(edits=zeros)
        if self._transition:
            self._transition = replace(self._transition, start=self._transition.start._replace(edits=zeros))

    def _edits(self) -> np.ndarray:
        """The edits to reach, one per direction."""
        if self._active is None:
            return np.zeros(0)
        edits = self._moved.edits if self._active is self._directions else ()
        # A signal may be bound to the edit of a direction that these directions do not have.
        return self._active.row(edits[: self._active.used])

    def _target(self, now_s: float) -> GeneratorInput:
        """The input without transitions and smoothing."""
        assert self._model is not None
        found = self._motion(now_s)
        weights = signals.class_weights(found.class_weights, self._moved.bindings, self._signals.shown, self._model)
        return found._replace(edits=self._edits(), class_weights=weights)

    def _motion(self, now_s: float) -> GeneratorInput:
        assert self._model is not None
        settings, model = self._moved, self._model
        sound = self._playing.sound if self._playing and settings.mode != "free" else None
        target = None
        if not (self._playing and sound and len(sound.keys)):
            target = idle_motion.walk(now_s, model.z_size, settings.classes, model.num_classes)
        if self._playing and sound:
            target = self._path_of(sound).at(now_s - self._playing.since_s, settings.jitter, target)
        assert target is not None
        if settings.mode != "tempo":
            return target
        return target._replace(z=z_at(self._tempo_clock.at(now_s), settings.oscillators, model.z_size))

    def _path_of(self, sound: PlayedSound) -> ReactivePath:
        assert self._model is not None
        key = (sound, self._model, self._settings.classes)
        if self._path is None or self._path[0] != key:
            path = ReactivePath(sound, self._model.z_size, self._settings.classes, self._model.num_classes)
            self._path = (key, path)
        return self._path[1]

    def _current_source(self) -> tuple[Any, ...]:
        """What moves the image, the sound first; a change of it starts a transition."""
        settings, playing = self._settings, self._playing
        followed = playing.number if playing and playing.sound and settings.mode != "free" else None
        swinging = tuple(settings.oscillators.items()) if settings.mode == "tempo" else ()
        return followed, settings.mode, settings.classes, swinging

    def _blend(self, target: GeneratorInput, now_s: float) -> GeneratorInput:
        source = self._current_source()
        if source != self._source and self._shown is not None:
            to_sound = source[0] is not None and source[0] != self._source[0]
            self._transition = _Transition(self._shown, self._shown_s, TO_SOUND_S if to_sound else TO_OTHER_S)
        self._source = source
        if self._transition is None or now_s >= self._transition.since_s + self._transition.length_s:
            self._transition = None
            return target
        return self._transition.blend(target, now_s)

    def _smooth(self, target: GeneratorInput, now_s: float) -> GeneratorInput:
        lag_s = self._settings.lag_s
        if self._shown is None or not lag_s:
            return target
        step_s = min(_LONGEST_STEP_S, max(0.0, now_s - self._shown_s))
        return self._shown.towards(target, 1.0 - float(np.exp(-step_s / lag_s)))
