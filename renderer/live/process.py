"""How the renderer process shares a machine: low priority, few threads, and it ends with the server."""

import logging
import os
import sys
import threading
from collections.abc import Callable

from core.processes import core_count

log = logging.getLogger(__name__)

NICENESS = 10


def lower_priority() -> None:
    """Let audio programs run first, where the system supports it."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def limit_threads(count: int) -> None:
    """Set the number of threads that render; `core.nn.engine` reads it when it compiles a network."""
    os.environ["OMP_NUM_THREADS"] = str(count)


def default_threads() -> int:
    """Half the number of cores: threads on all cores would make those of the sound wait for each other."""
    return max(1, core_count() // 2)


def when_input_ends(then: Callable[[], None]) -> None:
    """Call `then` once standard input has ended: the process that held its other end is gone."""

    def read() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        log.info("the process that started this renderer is gone")
        then()

    threading.Thread(target=read, name="tied", daemon=True).start()
