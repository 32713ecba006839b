"""The renderer's own rooms together: show, stage, models, and the pictures that are kept."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.protocols import ImageModel
from renderer import classes, image_models
from renderer.live import directions, recorder
from renderer.live.direction_control import DirectionControl, Own
from renderer.live.recorder import Recorder
from renderer.live.render_loop import Rates, RenderLoop
from renderer.live.scene import Scene
from renderer.live.settings import MAX_CLASSES
from renderer.web.frames import Frames

log = logging.getLogger(__name__)

NO_MODEL = "no picture model is loaded; send /image/load first"
_WARMED = 2

Load = Callable[[Path], ImageModel]


class RenderController:
    """What commands work on. Changes come one at a time (`lock`); what is asked may be asked at any time."""

    def __init__(
        self, models: Sequence[Path], out: Path, load: Load, rates: Rates | None = None, own: Own = directions.own
    ) -> None:
        """Find models in `models`/biggan, load them with `load`, and keep pictures in `out`.

        `own` gives a model's own directions.
        """
        self.show, self.frames = Scene(), Frames()
        self.stage = RenderLoop(self.show, self.frames, rates, lambda: self.recording)
        self.lock = threading.Lock()
        self.guide = DirectionControl(self.show, self.lock, models, own)
        self.page = ""
        self._models, self._out, self._load = tuple(models), out, load
        self._shelf = image_models.ModelCatalog(models)
        self._wanted: tuple[str | int, ...] = ()
        self._recorder: Recorder | None = None
        self._saved = ""

    @property
    def recording(self) -> bool:
        """Whether pictures are being recorded."""
        return self._recorder is not None and self._recorder.running

    @property
    def choosing(self) -> bool:
        """Whether the classes are the default choice, and not a player's."""
        return not self._wanted

    @property
    def painter(self) -> ImageModel:
        """The loaded model.

        Raises:
            ValueError: there is none.
        """
        if self.show.painter is None:
            raise ValueError(NO_MODEL)
        return self.show.painter

    def open(self, name: str | None = None) -> ImageModel:
        """Load a model, by name or folder; None: the first there is. The one before it is painted until then.

        Classes that were chosen are kept if this model has them all.

        Raises:
            FileNotFoundError: there is none of this name.
            ValueError: a file of it breaks a rule.
        """
        folder = image_models.choose(self._models, name)
        if name and not any(folder.resolve().is_relative_to(place.resolve()) for place in self._models):
            raise FileNotFoundError(f"{name!r:.100} is not inside one of the models folders")
        painter = self._load(folder)
        for _ in range(_WARMED):
            list(painter.render(np.zeros((1, painter.z_size)), np.zeros((1, painter.num_classes)), 1.0))
        try:
            chosen = self._find(self._wanted, painter)
        except ValueError:
            chosen, self._wanted = self._find((), painter), ()
        self.guide.drop()
        self.show.open(painter, chosen)
        log.info("%s paints %d px", painter.name, painter.size)
        return painter

    def choose(self, wanted: Sequence[str | int]) -> tuple[str, ...]:
        """Show these classes, by number or name; none: the default choice. Returns their names.

        Raises:
            ValueError: there is no model, or it has no such class, or there are too many.
        """
        if len(wanted) > MAX_CLASSES:
            raise ValueError(f"there may be at most {MAX_CLASSES} classes, not {len(wanted)}")
        chosen = self._find(wanted, self.painter)
        self.show.change(lambda settings: replace(settings, classes=chosen), time.monotonic())
        self._wanted = tuple(wanted)
        return tuple(self.painter.class_names[number] for number in chosen)

    @staticmethod
    def _find(wanted: Sequence[str | int], painter: ImageModel) -> tuple[int, ...]:
        if wanted:
            return classes.find(wanted, painter.class_names)
        return classes.default(painter.num_classes)

    def snapshot(self, name: str | None) -> Path:
        """Save the picture of this moment.

        Raises:
            ValueError: the name is no plain one, or there is no picture.
            OSError: the file cannot be written.
        """
        path = recorder.place(self._out, name, ".png")
        _, picture = self.frames.wait(0, 0.0)
        if picture is None:
            raise ValueError("there is no picture yet")
        recorder.save(picture, path)
        self._saved = path.name
        return path

    def record(self, name: str | None) -> Path:
        """Record from now on.

        Raises:
            ValueError: it is being recorded already, the name is no plain one, or there is no picture.
            OSError: the file cannot be written.
        """
        if self.recording and self._recorder:
            raise ValueError(f"{self._recorder.path.name} is being recorded; stop that first")
        path = recorder.place(self._out, name, ".mp4")
        if not self.frames.number:
            raise ValueError("there is no picture yet")
        self._recorder = Recorder(self.frames, self.show.player, path)
        return path

    def stop_recording(self) -> Path:
        """Finish the file.

        Raises:
            ValueError: nothing is being recorded.
            OSError: it could not be written to its end.
        """
        running, self._recorder = self._recorder, None
        if running is None:
            raise ValueError("nothing is being recorded")
        self._saved = running.stop().name
        return running.path

    def status(self) -> dict[str, Any]:
        """All that the page shows; see `renderer.web.server.Page`."""
        now_s, show = time.monotonic(), self.show
        painter, settings, shown, plays = show.painter, show.settings, show.shown, show.playing(now_s)
        known = painter.class_names if painter else ()
        shares = shown.weights if shown is not None and len(shown.weights) == len(known) else np.zeros(len(known))
        ids = [number for number in settings.classes if number < len(known)]
        return {
            "model": painter.name if painter else "",
            "mode": settings.mode,
            "fps": round(self.stage.pace.fps(now_s), 1),
            "dropped": self.stage.pace.dropped,
            "playing": dict(zip(("target", "position_s", "duration_s"), plays, strict=True)) if plays else None,
            "classes": [known[number] for number in ids],
            "class_ids": ids,
            "class_weights": [round(float(shares[number]), 3) for number in ids],
            "class_names": list(known),
            **{name: getattr(settings, name) for name in ("truncation", "jitter", "smooth", "bpm")},
            "models": self._shelf.names(now_s),
            "recording": self.recording,
            "busy": self.stage.busy,
            **self._told_directions(),
            "saved": self._saved,
        }

    def _told_directions(self) -> dict[str, Any]:
        known = self.show.directions
        done, total = self.guide.progress
        return {
            "components": known.name if known else "",
            "directions": [name or "" for name in known.names] if known else [],
            "direction_count": known.used if known else 0,
            "edits": list(self.show.settings.edits),
            "finding": (done / total if total else 0.0) if self.guide.finding else None,
        }

    def close(self) -> None:
        """Stop painting, and finish what is recorded."""
        self.stage.stop()
        if self._recorder:
            try:
                self.stop_recording()
            except OSError as error:
                log.warning("%s", error)
