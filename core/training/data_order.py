"""In which order a training run goes through its dataset, and how what comes next is made ready."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import numpy as np

# What its random stream is for, beside the seed; batches, trainers and diaries have the others.
ORDER = 1

Place = TypeVar("Place")
Made = TypeVar("Made")


def rows(seed: int, images: int, size: int, count: int) -> np.ndarray:
    """Rows, of `count`, of the `size` examples after `images`; each epoch goes through all in an order of its own."""
    places = (divmod(place, count) for place in range(images, images + size))
    return np.array([_shuffled(seed, epoch, count)[place] for epoch, place in places])


@lru_cache(maxsize=4)
def _shuffled(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, ORDER, epoch]).permutation(count)


def made_ahead(make: Callable[[Place], Made], places: Iterable[Place]) -> Iterator[tuple[Place, Made]]:
    """Each place and what is made for it; the next one is made while one is used."""
    waiting: deque[tuple[Place, Future[Made]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for place in places:
            waiting.append((place, pool.submit(make, place)))
            if len(waiting) > 1:
                before, made = waiting.popleft()
                yield before, made.result()
        for last, made in waiting:
            yield last, made.result()
