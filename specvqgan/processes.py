"""Work on many clips, shared by processes."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import Any, TypeVar

from core.nn.engine import thread_count

ResultT = TypeVar("ResultT")


def shared(
    work: Callable[..., ResultT], calls: Sequence[tuple[Any, ...]], jobs: int, begin: Callable[[Any], None], given: Any
) -> Iterator[ResultT]:
    """The results of `work` for each call's arguments, in the order in which they are done.

    Args:
        work: a function of a module.
        calls: arguments that can be pickled.
        jobs: how many processes; each has its share of the threads.
        begin: called once in each process with `given`, before any work.
        given: what can be pickled.
    """
    begun = (max(1, thread_count() // jobs), begin, given)
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, begun) as pool:
        waiting: set[Future[ResultT]] = {pool.submit(work, *call) for call in calls}
        try:
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in finished)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(threads: int, begin: Callable[[Any], None], given: Any) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    begin(given)
