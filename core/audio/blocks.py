"""Sounds in blocks, so that a long one costs no more memory than a short one."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import soxr

BLOCK = 2**16


class Sound(Protocol):
    """What can be analysed and heard in a film: its rate in hertz, its channels (1 or 2), and its samples in blocks."""

    @property
    def sample_rate(self) -> int:
        """Hertz."""

    @property
    def channels(self) -> int:
        """1 or 2."""

    def blocks(self) -> Iterator[np.ndarray]:
        """The sound from its beginning, float32 [channels, samples] at a time."""


@dataclass(frozen=True)
class Wave:
    """A sound in memory: float [samples], mono.

    Raises:
        ValueError: it is empty, has more dimensions, or values that are not finite.
    """

    samples: np.ndarray
    sample_rate: int
    channels: int = 1

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or not len(self.samples):
            raise ValueError(f"a wave must be [samples] with at least one, not {list(self.samples.shape)}")
        if not np.isfinite(self.samples).all():
            raise ValueError("the wave holds values that are not finite")

    def blocks(self) -> Iterator[np.ndarray]:
        """See `Sound.blocks`."""
        for begin in range(0, len(self.samples), BLOCK):
            yield np.asarray(self.samples[None, begin : begin + BLOCK], np.float32)


def mono_blocks(sound: Sound, sample_rate: int) -> Iterator[np.ndarray]:
    """A sound as mono float32 [samples] at another rate, block by block; channels are averaged."""
    if sound.sample_rate == sample_rate:
        yield from (block.mean(axis=0) for block in sound.blocks())
        return
    stream = soxr.ResampleStream(sound.sample_rate, sample_rate, 1, dtype="float32")
    for block in sound.blocks():
        yield stream.resample_chunk(np.ascontiguousarray(block.mean(axis=0)))
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def seconds(sound: Sound) -> Fraction:
    """How long a sound is, exactly; it is read to its end."""
    return Fraction(sum(block.shape[1] for block in sound.blocks()), sound.sample_rate)
