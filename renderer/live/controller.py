"""The parts of the live renderer together: model, scene, render loop, directions, recordings."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.limits import MAX_REASON
from core.protocols import ImageModel
from core.text import one_line
from renderer import classes, image_models
from renderer.bending import TRANSFORMS, Bend
from renderer.live import bends, directions
from renderer.live.direction_control import DirectionControl, Own
from renderer.live.frame_memory import FrameMemory
from renderer.live.generator_input import GeneratorInput
from renderer.live.recordings import Recordings
from renderer.live.render_loop import Rates, RenderLoop
from renderer.live.scene import Scene
from renderer.live.settings import AMOUNTS, DIALS, Settings
from renderer.sinks.outputs import Outputs
from renderer.web.frames import Frames
from renderer.web.status import PageStatus, PlayingStatus

log = logging.getLogger(__name__)

NO_MODEL = "no image model is loaded; send /image/load first"
_WARM_UP_FRAMES = 2

Load = Callable[[Path], ImageModel]


class RenderController:
    """What commands work on.

    Attributes:
        scene: what is rendered.
        frames: the newest frame.
        memory: the frames of the last half minute, once somebody has asked for them.
        render_loop: renders scene into frames.
        recordings: snapshots and recordings.
        outputs: sinks of pictures in other programs.
        direction_control: loads directions and sets edits.
        lock: held by whatever changes something; reading needs no lock.
        page: address of the page; "" before it is served.
        on_notice: called, from any thread, with a command's address and a reply that follows its end.
    """

    def __init__(
        self, models: Sequence[Path], out: Path, load: Load, rates: Rates | None = None, own: Own = directions.own
    ) -> None:
        """Create the parts; nothing is loaded yet.

        Args:
            models: the models folders.
            out: folder for snapshots and recordings.
            load: reads the image model of a folder.
            rates: frame rates.
            own: finds a model's own directions.
        """
        self.scene, self.frames = Scene(), Frames()
        self.outputs = Outputs(self.frames, self._output_failed)
        self.memory = FrameMemory(self.frames)
        self.render_loop = RenderLoop(self.scene, self.frames, rates, self._recording)
        self.lock = threading.RLock()
        self.direction_control = DirectionControl(self.scene, self.lock, models, own)
        self.page = ""
        self.on_notice: Callable[[str, list[Any]], None] = lambda address, reply: None
        self._models, self._load = tuple(models), load
        self._catalog = image_models.ModelCatalog(models)
        self._chosen: tuple[str, ...] = ()
        self._noise_chosen = False
        self.recordings = Recordings(self.frames, self.scene.transport, out, self._record_failed)

    def models(self) -> list[str]:
        """The names of all installed image models."""
        return self._catalog.names(time.monotonic())

    def _recording(self) -> bool:
        return self.recordings.running or bool(self.outputs.on)

    @property
    def default_classes(self) -> bool:
        """Whether the classes are the default choice, not somebody's."""
        return not self._chosen

    @property
    def model(self) -> ImageModel:
        """The loaded model.

        Raises:
            ValueError: there is none.
        """
        if self.scene.model is None:
            raise ValueError(NO_MODEL)
        return self.scene.model

    def open(self, name: str | None = None) -> ImageModel:
        """Load a model, by name or folder; None: the first that is found. The one before it is used until then.

        Chosen classes are kept if this model has them all, and so is noise that somebody set. Its own directions are
        used if they are in its folder.

        Raises:
            FileNotFoundError: there is no model of this name.
            ValueError: a file of it breaks a rule.
        """
        folder = image_models.choose(self._models, name)
        if name and not any(folder.resolve().is_relative_to(place.resolve()) for place in self._models):
            raise FileNotFoundError(f"{name!r:.100} is not inside one of the models folders")
        model = self._load(folder)
        for _ in range(_WARM_UP_FRAMES):
            list(model.render(np.zeros((1, model.z_size)), np.zeros((1, model.num_classes)), 1.0))
        try:
            numbers = self._find(self._chosen, model)
        except ValueError:
            numbers, self._chosen = self._find((), model), ()
        settings, noise = self.scene.settings, {} if self._noise_chosen else bends.usual_noise(model)
        bends.warm_up(model, replace(settings, bends=bends.kept(settings.bends, model), **noise))
        self.direction_control.cancel_search()
        self.scene.use_model(model, numbers, **noise)
        self.direction_control.load_own(model)
        log.info("image model %s loaded, %d px", model.name, model.size)
        return model

    def choose(self, names: Sequence[str]) -> tuple[str, ...]:
        """Show these classes, by number or name; none: the default choice.

        Returns:
            Their full names.

        Raises:
            ValueError: there is no model, or it has no such class.
        """
        numbers = self._find(names, self.model)
        self.scene.change(lambda settings: replace(settings, classes=numbers), time.monotonic())
        self._chosen = tuple(names)
        return tuple(self.model.class_names[number] for number in numbers)

    def bend(self, number: int, bend: Bend | None) -> None:
        """Set a bend, or end it; the frames before it are shown until the network is compiled.

        Raises:
            ValueError: there is no model, or it has no such layer.
        """
        layers = bends.layers_of(self.model)
        if bend is not None and bend.layer not in layers:
            known = f"its layers are {', '.join(layers)}" if layers else "none of its layers bend"
            raise ValueError(f"{bend.layer!r:.40} is not a layer of {self.model.name}; {known}")
        self._use(self.scene.settings.with_bend(number, bend))

    def prepare(self, **changes: Any) -> list[Any]:
        """Change settings for which the network may have to be compiled again; returns no replies.

        Raises:
            ValueError: there is no model, or a value is out of range.
        """
        self._use(replace(self.scene.settings, **changes))
        self._noise_chosen |= "noise" in changes
        return []

    def _use(self, settings: Settings) -> None:
        known = self.scene.directions
        bends.warm_up(self.model, settings, known.layer if known and any(settings.edits) else "")
        self.scene.change(lambda _: settings, time.monotonic())

    @staticmethod
    def _find(names: Sequence[str], model: ImageModel) -> tuple[int, ...]:
        if names:
            return classes.find(names, model.class_names)
        return classes.default(model.num_classes)

    def _record_failed(self, path: Path, reason: str) -> None:
        self.on_notice("/image/record", ["/image/record_failed", path.as_posix(), one_line(reason, MAX_REASON)])

    def _output_failed(self, name: str, reason: str) -> None:
        self.on_notice("/image/output", ["/image/output_failed", name, one_line(reason, MAX_REASON)])

    def status(self) -> PageStatus:
        """What the page shows."""
        now_s, settings, frame_clock = time.monotonic(), self.scene.settings, self.render_loop.frame_clock
        playing = self.scene.playing(now_s)
        return PageStatus(
            models=self._catalog.names(now_s),
            mode=settings.mode,
            fps=round(frame_clock.fps(now_s), 1),
            dropped=frame_clock.dropped,
            playing=PlayingStatus(*playing) if playing else None,
            ranges={name: (arg.low, arg.high) for name, arg in DIALS.items()},
            amounts={name: (getattr(settings, name), arg.low, arg.high) for name, arg in AMOUNTS.items()},
            recording=self.recordings.running,
            busy=self.render_loop.busy,
            saved=self.recordings.saved,
            problem=self.recordings.problem,
            outputs=self.outputs.state(),
            edits=list(settings.edits),
            preview=self.render_loop.preview,
            **{name: getattr(settings, name) for name in DIALS},
            **_bend_status(self.scene.model, settings),
            **_model_status(self.scene.model, settings.classes, self.scene.shown),
            **self._direction_status(),
        )

    def _direction_status(self) -> dict[str, Any]:
        known = self.scene.directions
        done, total = self.direction_control.progress
        return {
            "components": known.name if known else "",
            "directions": [name or "" for name in known.names] if known else [],
            "direction_count": known.used if known else 0,
            "search_progress": (done / total if total else 0.0) if self.direction_control.search else None,
        }

    def close(self) -> None:
        """Stop rendering, and finish what is being recorded."""
        self.outputs.close()
        self.render_loop.stop()
        self.recordings.close()


def _model_status(model: ImageModel | None, classes: Sequence[int], shown: GeneratorInput | None) -> dict[str, Any]:
    """Model and classes, with their weights as far as the last frame was of this model."""
    if model is None:
        return {}
    names = model.class_names
    weights = shown.class_weights if shown is not None and len(shown.class_weights) == len(names) else None
    ids = [number for number in classes if number < len(names)]
    return {
        "model": model.name,
        "class_names": list(names),
        "class_ids": ids,
        "classes": [names[number] for number in ids],
        "class_weights": [0.0 if weights is None else round(float(weights[number]), 3) for number in ids],
    }


def _bend_status(model: ImageModel | None, settings: Settings) -> dict[str, Any]:
    """What can be bent, and what is."""
    return {
        "bend_layers": list(bends.layers_of(model)),
        "noisy": bends.noisy(model),
        "transforms": {name: (*one.fader, one.rest) for name, one in TRANSFORMS.items()},
        "bends": {number: (bend.layer, bend.transform, bend.amount) for number, bend in sorted(settings.bends.items())},
    }
