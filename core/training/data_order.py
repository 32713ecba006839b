"""The order in which a training run goes through its dataset, and batches that are prepared ahead of their use."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import numpy as np

from core.training.random_streams import Stream, generator

Key = TypeVar("Key")
Value = TypeVar("Value")


def rows(seed: int, images: int, size: int, count: int) -> np.ndarray:
    """The rows of the next `size` examples after `images` were seen, int [size].

    Each epoch goes through all `count` examples in a random order of its own.
    """
    places = (divmod(place, count) for place in range(images, images + size))
    return np.array([_shuffled(seed, epoch, count)[place] for epoch, place in places])


@lru_cache(maxsize=4)
def _shuffled(seed: int, epoch: int, count: int) -> np.ndarray:
    return generator(seed, Stream.ORDER, epoch).permutation(count)


def prefetch(function: Callable[[Key], Value], keys: Iterable[Key]) -> Iterator[tuple[Key, Value]]:
    """Yield each key with the function's value; a thread computes the next value while one is used."""
    waiting: deque[tuple[Key, Future[Value]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for key in keys:
            waiting.append((key, pool.submit(function, key)))
            if len(waiting) > 1:
                ready, value = waiting.popleft()
                yield ready, value.result()
        for last, value in waiting:
            yield last, value.result()
