"""Directions that are being found: in a thread of their own, once for all who ask; pictures go on meanwhile."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from core.progress import Progress
from renderer.live.directions import Directions

log = logging.getLogger(__name__)

MAX_WAITING = 32


class DroppedError(ValueError):
    """Nobody wants these directions any more."""


class DirectionSearch:
    """One piece of work. `ended` resolves when it is over, however that came about; `result` tells how."""

    def __init__(
        self, find: Callable[[Progress], Directions], keep: Callable[["DirectionSearch", Directions], None]
    ) -> None:
        """Begin; what is found is given to `keep`."""
        self._find, self._keep = find, keep
        self._dropped = threading.Event()
        self.progress = (0, 0)
        self._waiting = 0
        self.ended: Future[None] = Future()
        self._outcome: Directions | Exception = DroppedError("the directions are not found yet")
        threading.Thread(target=self._run, name="finding", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it is not over, and wanted."""
        return not self.ended.done() and not self._dropped.is_set()

    @property
    def dropped(self) -> bool:
        """Whether nobody wants it any more."""
        return self._dropped.is_set()

    def join(self) -> "DirectionSearch":
        """Somebody waits for its end.

        Raises:
            ValueError: too many do already.
        """
        if self._waiting >= MAX_WAITING:
            raise ValueError(f"{MAX_WAITING} commands wait for directions that are being found; try again afterwards")
        self._waiting += 1
        return self

    def drop(self) -> None:
        """Let it end at its next step; its result is kept nowhere."""
        self._dropped.set()

    def result(self) -> Directions:
        """What was found.

        Raises:
            ValueError, OSError: why nothing was.
        """
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    def _run(self) -> None:
        try:
            found = self._find(self._step)
            self._keep(self, found)
            self._outcome = found
        except Exception as error:
            self._outcome = error
            if not isinstance(error, (ValueError, OSError)):
                log.exception("directions could not be found")
        self.ended.set_result(None)

    def _step(self, done: int, total: int) -> None:
        self.progress = (done, total)
        self.check()

    def check(self) -> None:
        """Go on only while it is wanted.

        Raises:
            DroppedError: it is not.
        """
        if self.dropped:
            raise DroppedError("something else was loaded before the directions were found")
