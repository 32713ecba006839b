"""Processes: whether another one is still there, and how many cores this one has."""

import ctypes
import logging
import os
import sys
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_SYNCHRONIZE, _STILL_RUNNING = 0x00100000, 0x102


def core_count() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_running(number: int) -> bool:
    """Whether there is a process of this number.

    Windows' `os.kill` would send it Ctrl-C instead of asking.
    """
    if number <= 0:
        return False
    if sys.platform == "win32":
        return _runs_on_windows(number)
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # It belongs to somebody else.
        return True
    return True


def when_input_ends(then: Callable[[], None]) -> None:
    """Call `then`, in a thread, once standard input has ended: the process that held its other end is gone."""

    def read() -> None:
        # Not sys.stdin: its lock would be held when the interpreter ends.
        while os.read(0, 4096):
            pass
        log.info("the process that started this one is gone")
        then()

    threading.Thread(target=read, name="tied", daemon=True).start()


def _runs_on_windows(number: int) -> bool:
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, number)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == _STILL_RUNNING)
    finally:
        kernel.CloseHandle(handle)
