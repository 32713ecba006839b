"""How this process runs beside others: politely, on few threads, and no longer than it is wanted."""

import logging
import os
import sys
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

NICENESS = 10


def yield_to_others() -> None:
    """Let programs with sound go first, where the system knows such a thing."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def limit_threads(count: int) -> None:
    """Let the networks of this process compute with so many threads; `core.nn.engine` reads this."""
    os.environ["OMP_NUM_THREADS"] = str(count)


def fair_threads() -> int:
    """Half as many as there are cores: threads on all of them would keep the sound's waiting for each other."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // 2)


def when_input_ends(then: Callable[[], None]) -> None:
    """Call it once standard input has ended: whoever held its other end is gone, however that came about."""

    def read() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        log.info("whoever started this renderer is gone")
        then()

    threading.Thread(target=read, name="tied", daemon=True).start()
