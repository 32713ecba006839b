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
    """Wake TensorFlow, and let it paint with so many threads; before it has done anything."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # The first tensor is when it looks for a GPU, and complains of the lack of one.
    tf.zeros(1)

    from keras import ops  # noqa: F401


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
