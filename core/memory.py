"""Memory that is free in this process."""

import ctypes
import sys


def give_back() -> None:
    """Give memory that is free, but still held, back to the system; nothing where the C library cannot.

    Sounds of many sizes leave holes between them. It takes some milliseconds: do it while nothing else is to do.
    """
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)
