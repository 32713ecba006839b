"""Processes: whether another one is still there, and how many cores this one has."""

import ctypes
import os
import sys

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


def _runs_on_windows(number: int) -> bool:
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, number)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == _STILL_RUNNING)
    finally:
        kernel.CloseHandle(handle)
