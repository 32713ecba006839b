"""Sound in blocks, so that a long one needs no more memory than a short one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from core import checks
from core.audio.resample import resample_blocks

BLOCK = 2**16


class AudioSource(Protocol):
    """Sound to analyse or to put into a video: its rate in hertz, its channels (1 or 2), and its samples in blocks."""

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
        checks.shape("the wave", self.samples, ("samples",))
        checks.in_range("the number of samples", len(self.samples), 1)
        checks.finite("the wave", self.samples)

    def blocks(self) -> Iterator[np.ndarray]:
        """See `AudioSource.blocks`."""
        for begin in range(0, len(self.samples), BLOCK):
            yield np.asarray(self.samples[None, begin : begin + BLOCK], np.float32)


def mono_blocks(sound: AudioSource, sample_rate: int) -> Iterator[np.ndarray]:
    """A sound as mono float32 [samples] at another rate, block by block; channels are averaged."""
    yield from resample_blocks((block.mean(axis=0) for block in sound.blocks()), sound.sample_rate, sample_rate)


def faded_ends(blocks: Iterable[np.ndarray], fade: int) -> Iterator[np.ndarray]:
    """A sound, float [samples] at a time, that rises from silence in its first `fade` samples and falls in its last.

    A sound that begins or ends in the middle of a wave would click.
    """
    held, before = np.zeros(0, np.float32), 0
    for block in blocks:
        rise = np.minimum((before + np.arange(len(block)) + 0.5) / fade, 1.0).astype(np.float32)
        held, before = np.concatenate([held, block * rise]), before + len(block)
        if len(held) > fade:
            yield held[:-fade]
            held = held[-fade:]
    yield held * np.minimum((np.arange(len(held))[::-1] + 0.5) / fade, 1.0).astype(np.float32)


def seconds(sound: AudioSource) -> Fraction:
    """The exact length of a sound, which is read to its end."""
    return Fraction(sum(block.shape[1] for block in sound.blocks()), sound.sample_rate)
