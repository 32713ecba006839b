"""Random numbers of a training run: each purpose has a stream of its own.

A stream follows from the seed, the purpose and counters such as the number of images seen; nothing else moves it. So
a run that was stopped resumes with the numbers that it would have had without the stop.
"""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What random numbers are for. The numbers are part of the meaning of a seed: they never change."""

    ORDER = 1
    BATCHES = 2
    WEIGHTS = 3
    SAMPLES = 4
    STATISTICS = 5
    METRICS = 6


def generator(seed: int, stream: Stream, *counters: int) -> np.random.Generator:
    """The generator of a stream at some counters."""
    return np.random.default_rng([seed, int(stream), *counters])
