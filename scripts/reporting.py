"""Long work as one follows it: a progress bar on a terminal, plain lines elsewhere (`tail -f nohup.out`)."""

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator

from scripts import frame

EVERY_S = 10.0


@contextlib.contextmanager
def progress(unit: str, total: int) -> Iterator[Callable[[int, int], None]]:
    """A function that is told (done, total)."""
    if sys.stderr.isatty():
        with frame.bar(unit, total) as shown:
            yield shown
    else:
        yield Lines(unit)


class Lines:
    """Progress as lines: the first, one every EVERY_S seconds, the last."""

    def __init__(self, unit: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._unit, self._clock = unit, clock
        self._begun_s = self._said_s = clock()
        self._first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """So many are done."""
        now_s = self._clock()
        if self._first is None:
            self._first, self._begun_s, self._said_s = done, now_s, now_s
        elif done < total and now_s - self._said_s < EVERY_S:
            return
        self._said_s = now_s
        print(f"{done} of {total} {self._unit}s{self._left(done, total, now_s)}", file=sys.stderr, flush=True)

    def _left(self, done: int, total: int, now_s: float) -> str:
        new = done - (self._first or 0)
        if done >= total or not new:
            return ""
        left_s = round((now_s - self._begun_s) / new * (total - done))
        return f", {left_s // 3600}:{left_s // 60 % 60:02}:{left_s % 60:02} left"


def log_lines() -> None:
    """What packages log, as plain lines with the time, beside the progress."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("ganspace").setLevel(logging.INFO)
