"""Signals that ask a program to end."""

import signal
from collections.abc import Callable
from typing import Any


def ending() -> tuple[signal.Signals, ...]:
    """The signals that end a program: Ctrl-C, SIGTERM, and SIGHUP, which a closed terminal sends.

    Under nohup, SIGHUP is ignored and left out. Windows has none.
    """
    closed = getattr(signal, "SIGHUP", None)
    ignored = closed is None or signal.getsignal(closed) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *(() if ignored else (closed,)))


def on_end(handle: Callable[[int, Any], None]) -> None:
    """Let a function handle these signals from now on; it gets the number and the frame."""
    for number in ending():
        signal.signal(number, handle)
