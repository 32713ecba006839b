"""Which directions are loaded, which are being found, and the edits along them."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from core.progress import Progress
from core.protocols import ImageModel
from renderer.live import directions
from renderer.live.direction_search import DirectionSearch
from renderer.live.directions import AUTO, Directions
from renderer.live.scene import Scene

log = logging.getLogger(__name__)

Own = Callable[[ImageModel, Progress], Directions]


class DirectionControl:
    """Its methods are called with `lock` held, except for `finding` and `progress`, which may be asked at any time."""

    def __init__(self, show: Scene, lock: threading.Lock, models: Sequence[Path], own: Own = directions.own) -> None:
        """Load files from `models`; a model's own directions are those of `own`."""
        self._show, self._lock, self._models, self._own = show, lock, tuple(models), own
        self._finding: DirectionSearch | None = None
        # Of models whose folder takes no files: nothing is found twice.
        self._kept: dict[Path, Directions] = {}

    @property
    def finding(self) -> DirectionSearch | None:
        """The work that is being done for the loaded model."""
        return self._finding if self._finding and self._finding.running else None

    @property
    def progress(self) -> tuple[int, int]:
        """Of that work: done, and in all; 0, 0 while that is not known."""
        return self._finding.progress if self._finding and self._finding.running else (0, 0)

    def load(self, name: str, painter: ImageModel) -> Directions | DirectionSearch:
        """Move along other directions from now on; no edits are set then.

        Args:
            name: of a file; "auto": the model's own.
            painter: the loaded model.

        Returns:
            The directions, or the work after which they are loaded.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read, or does not fit the painter.
        """
        if name == AUTO and painter.folder not in self._kept:
            if not self.finding:
                self._finding = DirectionSearch(lambda progress: self._own(painter, progress), self._keep)
            assert self._finding is not None
            return self._finding
        found = self._kept.get(painter.folder) if name == AUTO else None
        found = found or directions.load(directions.locate(name, painter, self._models), painter)
        self.drop()
        self._show.direct(found)
        return found

    def edit(self, edits: Sequence[float]) -> None:
        """How far along the directions the pictures are from now on.

        Raises:
            ValueError: no directions, fewer than edits, or an edit that is too far.
        """
        current = self._show.directions
        if current is None and any(edits):
            raise ValueError(directions.NO_DIRECTIONS)
        # Without directions zeros mean what none do.
        wanted = tuple(edits) if current else ()
        if current:
            current.row(wanted)
        self._show.change(lambda settings: replace(settings, edits=wanted), time.monotonic())

    def drop(self) -> None:
        """What is being found is for a model that is painted no longer."""
        if self._finding:
            self._finding.drop()

    def _keep(self, finding: DirectionSearch, found: Directions) -> None:
        with self._lock:
            finding.check()
            painter = self._show.painter
            if found.file == AUTO and painter:
                self._kept[painter.folder] = found
            self._show.direct(found)
        log.info("%d directions of %s", found.count, found.layer)
