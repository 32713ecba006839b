"""Change the sample rate of mono sound, whole or block by block (soxr)."""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr


def resample(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """A wave [samples] at another rate in Hz; the same array where the rate stays."""
    if rate == wanted or not len(wave):
        return wave
    return soxr.resample(wave, rate, wanted)


def resample_blocks(blocks: Iterable[np.ndarray], rate: int, wanted: int) -> Iterator[np.ndarray]:
    """Mono float32 blocks [samples] of one sound at another rate in Hz, as blocks of any length.

    At the same rate the blocks come out as they are.
    """
    if rate == wanted:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block))
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
