"""Change the sample rate of mono sound, whole or block by block (soxr)."""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr


def resample(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """A wave [samples] at another rate in Hz; the same array where the rate stays."""
    if rate == wanted or not len(wave):
        return wave
    return soxr.resample(wave, rate, wanted)


def resampled_length(samples: int, rate: int, wanted: int) -> int:
    """How many samples `resample` makes of so many."""
    return samples if rate == wanted else round(samples * wanted / rate)


class StreamResampler:
    """Resamples a mono sound piece by piece; together the pieces are what `resample` makes of the whole."""

    def __init__(self, rate: int, wanted: int) -> None:
        self._stream = None if rate == wanted else soxr.ResampleStream(rate, wanted, 1, dtype="float32")

    def next(self, piece: np.ndarray, *, last: bool = False) -> np.ndarray:
        """The samples that the next piece, float32 [samples], completes; with the last piece, all that are left."""
        if self._stream is None:
            return piece
        return self._stream.resample_chunk(np.ascontiguousarray(piece, np.float32), last=last)


def resample_blocks(blocks: Iterable[np.ndarray], rate: int, wanted: int) -> Iterator[np.ndarray]:
    """Mono float32 blocks [samples] of one sound at another rate in Hz, as blocks of any length.

    At the same rate the blocks come out as they are.
    """
    if rate == wanted:
        yield from blocks
        return
    stream = StreamResampler(rate, wanted)
    for block in blocks:
        yield stream.next(block)
    yield stream.next(np.zeros(0, np.float32), last=True)
