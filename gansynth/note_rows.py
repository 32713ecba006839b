"""Notes one after the other, from rows of inputs that may be made when they are needed."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from core.progress import Progress

AT_ONCE = 2


class Rows(Protocol):
    """An array's rows, or what makes each row when it is asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...


def in_pairs(note: Callable[[np.ndarray], np.ndarray], inputs: Rows, progress: Progress) -> Iterator[np.ndarray]:
    """The note of each row of inputs, in order.

    Each note is a batch of its own, so that it does not depend on the others. Two are under way at once: while the
    network computes one, the other's spectra become a wave.

    Args:
        note: computes one note; it is called from two threads.
        inputs: each is read when its turn comes, in the thread that asks for the notes.
        progress: called with (done, all) before each note and at the end; what it raises ends the work.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pending: deque[Future[np.ndarray]] = deque()
        for done in range(len(inputs)):
            progress(done, len(inputs))
            for next_up in range(done + len(pending), min(done + AT_ONCE, len(inputs))):
                pending.append(pool.submit(note, inputs[next_up]))
            yield pending.popleft().result()
    progress(len(inputs), len(inputs))


def stacked(notes: Iterable[np.ndarray], length: int) -> np.ndarray:
    """Notes, each float32 [length], as one array [n, length]; none: [0, length]."""
    waves = list(notes)
    return np.stack(waves) if waves else np.zeros((0, length), np.float32)
