"""A search for a model's directions, in a thread, once for all who ask; rendering goes on meanwhile."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from core.progress import Progress
from renderer.live.directions import Directions

log = logging.getLogger(__name__)

MAX_WAITING = 32


class SearchCancelledError(ValueError):
    """The search was cancelled: its directions are not needed any more."""


class DirectionSearch:
    """One search.

    Attributes:
        progress: steps done, and steps in all; 0, 0 at first.
        ended: resolves when the search is over, whatever its `result` is.
    """

    def __init__(
        self, find: Callable[[Progress], Directions], keep: Callable[["DirectionSearch", Directions], None]
    ) -> None:
        """Start the search; its directions are passed to `keep`."""
        self._find, self._keep = find, keep
        self._cancelled = threading.Event()
        self.progress = (0, 0)
        self._waiting = 0
        self.ended: Future[None] = Future()
        self._result: Directions | Exception = SearchCancelledError("the search has not ended yet")
        threading.Thread(target=self._run, name="direction-search", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it has neither ended nor been cancelled."""
        return not self.ended.done() and not self._cancelled.is_set()

    def join(self) -> "DirectionSearch":
        """Count one more command that waits for the end.

        Raises:
            ValueError: MAX_WAITING commands wait already.
        """
        if self._waiting >= MAX_WAITING:
            raise ValueError(f"{MAX_WAITING} commands wait for the search for directions; try again when it has ended")
        self._waiting += 1
        return self

    def cancel(self) -> None:
        """Stop at the next step; the directions are not kept."""
        self._cancelled.set()

    def result(self) -> Directions:
        """The directions.

        Raises:
            ValueError, OSError: why there are none.
        """
        if isinstance(self._result, Exception):
            raise self._result
        return self._result

    def _run(self) -> None:
        try:
            found = self._find(self._step)
            self._keep(self, found)
            self._result = found
        except Exception as error:
            self._result = error
            if not isinstance(error, (ValueError, OSError)):
                log.exception("the search for directions failed")
        self.ended.set_result(None)

    def _step(self, done: int, total: int) -> None:
        self.progress = (done, total)
        self.check()

    def check(self) -> None:
        """Raise if the search was cancelled.

        Raises:
            SearchCancelledError: it was.
        """
        if self._cancelled.is_set():
            raise SearchCancelledError("something else was loaded before the directions were found")
