"""Load directions, search for a model's own, and set edits along them."""

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
    """Methods are called with `lock` held; `search` and `progress` may be read at any time."""

    def __init__(self, scene: Scene, lock: threading.RLock, models: Sequence[Path], own: Own = directions.own) -> None:
        """Set the directions of `scene`.

        Args:
            scene: what is rendered.
            lock: the controller's.
            models: folders in which files are searched.
            own: finds a model's own directions.
        """
        self._scene, self._lock, self._models, self._own = scene, lock, tuple(models), own
        self._search: DirectionSearch | None = None
        # Directions of models whose folder is not writable: nothing is searched twice.
        self._found: dict[Path, Directions] = {}

    @property
    def search(self) -> DirectionSearch | None:
        """The search that is running for the loaded model."""
        return self._search if self._search and self._search.running else None

    @property
    def progress(self) -> tuple[int, int]:
        """Of that search: steps done, and in all; 0, 0 while that is not known."""
        return self._search.progress if self._search and self._search.running else (0, 0)

    def load(self, name: str, model: ImageModel) -> Directions | DirectionSearch:
        """Use other directions; edits are reset.

        Args:
            name: of a file; "auto": the model's own.
            model: the loaded model.

        Returns:
            The directions, or the search after which they are in use.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read, or does not fit the model.
        """
        if name == AUTO and model.folder not in self._found:
            if not self.search:
                self._search = DirectionSearch(lambda progress: self._own(model, progress), self._keep)
            assert self._search is not None
            return self._search
        found = self._found.get(model.folder) if name == AUTO else None
        found = found or directions.load(directions.locate(name, model, self._models), model)
        self.cancel_search()
        self._scene.use_directions(found)
        return found

    def load_own(self, model: ImageModel) -> None:
        """Use the model's own directions, if they are in its folder already; nothing is searched for."""
        if found := directions.beside(model):
            self._scene.use_directions(found)

    def edit(self, edits: Sequence[float]) -> None:
        """Set the edits along the directions.

        Raises:
            ValueError: there are no directions, fewer than edits, or an edit is out of range.
        """
        current = self._scene.directions
        if current is None and any(edits):
            raise ValueError(directions.NO_DIRECTIONS)
        # Without directions, zeros mean the same as no edits.
        wanted = tuple(edits) if current else ()
        if current:
            current.row(wanted)
        self._scene.change(lambda settings: replace(settings, edits=wanted), time.monotonic())

    def cancel_search(self) -> None:
        """Cancel the search, which is for a model that is not used any more."""
        if self._search:
            self._search.cancel()

    def _keep(self, search: DirectionSearch, found: Directions) -> None:
        with self._lock:
            search.check()
            model = self._scene.model
            if found.file == AUTO and model:
                self._found[model.folder] = found
            self._scene.use_directions(found)
        log.info("%d directions of %s", found.count, found.layer)
