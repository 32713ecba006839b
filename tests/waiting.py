"""Waiting: for how long, and for what can only be asked for."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Before a test gives up. On a machine with ten times as much to do as it can, seconds become minutes; where all is
# well, patience costs nothing.
PATIENCE_S = 300.0


def until(happens: Callable[[], T], what: str = "it", patience_s: float = PATIENCE_S) -> T:
    """What `happens` gives, once it gives something true."""
    end = time.monotonic() + patience_s
    while not (given := happens()):
        assert time.monotonic() < end, f"not in {patience_s:g} s: {what}"
        time.sleep(0.02)
    return given
