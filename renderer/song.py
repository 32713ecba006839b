"""Sounds in blocks, so that a long song costs no more memory than a short one: from a file, or a wave at hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
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


@dataclass(frozen=True)
class Song:
    """A sound file of any kind that FFmpeg reads (the sound of a film too); more than two channels become two.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no sound that can be read.
    """

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise FileNotFoundError(f"there is no song {self.path}")
        object.__setattr__(self, "_form", self._read_form())

    @property
    def sample_rate(self) -> int:
        """Hertz, as in the file."""
        return self._form[0]  # type: ignore[attr-defined]

    @property
    def channels(self) -> int:
        """1 or 2."""
        return self._form[1]  # type: ignore[attr-defined]

    def blocks(self) -> Iterator[np.ndarray]:
        """See `Sound.blocks`.

        Raises:
            ValueError: the file breaks off, or holds values that are not finite.
        """
        import av

        layout = "mono" if self.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=self.sample_rate)
        try:
            with av.open(str(self.path)) as file:
                for frame in file.decode(audio=0):
                    # Gaps in the file's own clock are no matter of ours: samples follow samples.
                    frame.pts = None
                    yield from (self._checked(piece.to_ndarray()) for piece in resampler.resample(frame))
                yield from (self._checked(piece.to_ndarray()) for piece in resampler.resample(None))
        except av.FFmpegError as error:
            raise self._unreadable(error.strerror) from None

    def _read_form(self) -> tuple[int, int]:
        import av

        try:
            with av.open(str(self.path)) as file:
                if not file.streams.audio:
                    raise self._unreadable("there is no sound in it")
                codec = file.streams.audio[0].codec_context
                return codec.sample_rate, min(codec.layout.nb_channels, 2)
        except av.FFmpegError as error:
            raise self._unreadable(error.strerror) from None

    def _checked(self, samples: np.ndarray) -> np.ndarray:
        if not np.isfinite(samples).all():
            raise ValueError(f"{self.path} holds values that are not finite")
        return samples

    def _unreadable(self, reason: str) -> ValueError:
        return ValueError(f"{self.path} is no sound that can be read: {reason}")


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
