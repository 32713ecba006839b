"""Waiting for something that can only be asked for."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(happens: Callable[[], T], what: str = "it", patience_s: float = 120.0) -> T:
    """What `happens` gives, once it gives something true."""
    end = time.monotonic() + patience_s
    while not (given := happens()):
        assert time.monotonic() < end, f"not in {patience_s:g} s: {what}"
        time.sleep(0.02)
    return given
