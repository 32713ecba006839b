"""How the renderer process shares a machine: low priority, few threads."""

import os

from core.processes import core_count

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
