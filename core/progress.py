"""Progress of long work: a bar on a terminal, plain lines elsewhere (`tail -f nohup.out`).

Library code takes a `Progress` and calls it; it knows no terminal. A command makes one with `show_progress`.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from core.text import counted

# Called with how much is done and how much there is in all; 0 in all: not known.
Progress = Callable[[int, int], None]

EVERY_S = 10.0
BYTES = "byte"


def ignore(done: int, total: int) -> None:
    """Show nothing."""


@contextlib.contextmanager
def show_progress(unit: str, title: str = "") -> Iterator[Progress]:
    """Show on stderr how far the work in the block is, from the first call on.

    Args:
        unit: what is counted, in the singular; BYTES is shown in MB.
        title: what is being done.
    """
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(_Bar(unit, title)) if sys.stderr.isatty() else Lines(unit, title)


def write(text: str, stream: TextIO | None = None) -> None:
    """Print a line, past a bar on the terminal without tearing it; stream: stderr unless it is given."""
    stream = stream or sys.stderr
    if sys.stderr.isatty():
        from tqdm import tqdm

        tqdm.write(text, file=stream)
    else:
        print(text, file=stream, flush=True)


class _Bar(contextlib.AbstractContextManager["_Bar"]):
    """A bar that is drawn at the first call and disappears with the block."""

    def __init__(self, unit: str, title: str) -> None:
        self._look: dict[str, Any] = {"unit": unit, "desc": title or None, "leave": False}
        if unit == BYTES:
            self._look |= {"unit": "B", "unit_scale": True}
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(**self._look)
        self._bar.total = total or None
        self._bar.update(done - self._bar.n)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()


class Lines:
    """Progress as lines on stderr: the first, one every EVERY_S seconds, the last."""

    def __init__(self, unit: str, title: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._unit, self._title, self._clock = unit, f"{title}: " if title else "", clock
        self._begun_s = self._shown_s = clock()
        self._first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Print a line if one is due."""
        now_s = self._clock()
        if self._first is None:
            self._first, self._begun_s = done, now_s
        elif done != total and now_s - self._shown_s < EVERY_S:
            return
        self._shown_s = now_s
        line = f"{self._title}{_amount(done, total, self._unit)}{self._left(done, total, now_s)}"
        # Work goes on when nobody reads how far it is.
        with contextlib.suppress(OSError):
            print(line, file=sys.stderr, flush=True)

    def _left(self, done: int, total: int, now_s: float) -> str:
        new = done - (self._first or 0)
        if done >= total or new <= 0:
            return ""
        left_s = round((now_s - self._begun_s) / new * (total - done))
        return f", {left_s // 3600}:{left_s // 60 % 60:02}:{left_s % 60:02} left"


def _amount(done: int, total: int, unit: str) -> str:
    """Done and total in words.

    >>> _amount(3, 10, "note")
    '3 of 10 notes'
    >>> _amount(1, 0, "column")
    '1 column'
    >>> _amount(1_500_000, 0, BYTES)
    '1.5 MB'
    """
    if unit == BYTES:
        return (f"{done / 1e6:.1f} of {total / 1e6:.1f}" if total else f"{done / 1e6:.1f}") + " MB"
    return f"{done} of {total} {unit}s" if total else counted(done, unit)
