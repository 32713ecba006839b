"""Signals that ask a program to end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any


def ending() -> tuple[signal.Signals, ...]:
    """The signals that end a program: Ctrl-C, SIGTERM, and what a closed terminal sends.

    That is SIGHUP, which nohup ignores, so it is left out then; on Windows it is SIGBREAK, and so is Ctrl-Break.
    """
    closed = getattr(signal, "SIGHUP", getattr(signal, "SIGBREAK", None))
    ignored = closed is None or signal.getsignal(closed) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *(() if ignored else (closed,)))


def on_end(handle: Callable[[int, Any], None]) -> None:
    """Let a function handle these signals from now on; it gets the number and the frame."""
    for number in ending():
        signal.signal(number, handle)


@contextmanager
def kept() -> Iterator[None]:
    """Handle these signals after the block as before it, so that one command can be a part of another."""
    before = {number: signal.getsignal(number) for number in ending()}
    try:
        yield
    finally:
        for number, handle in before.items():
            # None: a handler that was not set from Python, and cannot be set again.
            if handle is not None and signal.getsignal(number) is not handle:
                signal.signal(number, handle)


def clean_up_first() -> None:
    """Let SIGTERM and a closed terminal end the program as Ctrl-C does: temporary files are removed before.

    The program's status is the one that a shell reports; a second signal ends it at once. Handlers that are set stay.
    """

    def end(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        return
    for number in ending():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


@contextmanager
def deaf_children(*numbers: signal.Signals) -> Iterator[None]:
    """Let processes that this thread begins in the block never get these signals, which a terminal sends to all.

    Here they wait. Nothing changes where there are no masks of signals, as on Windows.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It begins with the first process, and would take the mask away.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
