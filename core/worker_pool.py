"""Work that processes share, which ends with the program: after Ctrl-C, an error, or a kill that it cannot notice."""

import multiprocessing
import os
import signal
import threading
import time
from _thread import interrupt_main
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import connection, get_context
from typing import Any, TypeVar

from core import signals
from core.nn.engine import thread_count

ResultT = TypeVar("ResultT")
# Of a process: has an element while it works on a call; and when that has been interrupted.
_WORKING: list[bool] = []
_PUTTING_AWAY: list[bool] = []
# What a process has left to put away its unfinished files after the program was killed.
_GRACE_S = 3.0


def shared(
    work: Callable[..., ResultT],
    calls: Sequence[tuple[Any, ...]],
    jobs: int,
    begin: Callable[[Any], None] | None = None,
    given: Any = None,
) -> Iterator[ResultT]:
    """The results of `work` for each call's arguments, in the order in which they are done.

    When the caller stops asking, whatever the reason, what is being worked on is interrupted.

    Args:
        work: a function of a module.
        calls: arguments that can be pickled.
        jobs: how many processes; each has its share of the threads.
        begin: called once in each process with `given`, before any work; None: nothing is.
        given: what can be pickled.
    """
    others = set(multiprocessing.active_children())
    begun = (max(1, thread_count() // jobs), begin, given)
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, begun) as pool:
        try:
            with signals.deaf_children(signal.SIGINT):
                waiting: set[Future[ResultT]] = {pool.submit(_done, work, call) for call in calls}
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in finished)
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            pool.shutdown(cancel_futures=True)
            raise


def _begin(threads: int, begin: Callable[[Any], None] | None, given: Any) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    # Where there are no masks of signals.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupted)
    threading.Thread(target=_end_with_program, name="end with program", daemon=True).start()
    if begin is not None:
        begin(given)


def _interrupted(number: int, frame: object) -> None:
    first = not _PUTTING_AWAY
    _PUTTING_AWAY.append(True)
    if not _WORKING:
        os._exit(1)
    # The pool sends it again when the first process is gone; what is being put away must not be interrupted.
    if first:
        raise _Interrupted


class _Interrupted(BaseException):
    """The present work ends, so that its unfinished files are put away."""


def _done(work: Callable[..., ResultT], call: tuple[Any, ...]) -> ResultT:
    """The result of a call. A process that is interrupted ends here: it may have more calls in its queue."""
    _WORKING.append(True)
    try:
        return work(*call)
    except _Interrupted:
        os._exit(1)
    finally:
        _WORKING.clear()


def _end_with_program() -> None:
    """End this process when the one that began it is no more."""
    program = multiprocessing.parent_process()
    assert program is not None
    connection.wait([program.sentinel])
    interrupt_main(signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)
