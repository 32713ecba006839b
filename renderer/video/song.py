"""Read a sound file in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Song:
    """A sound file that FFmpeg can read (also the sound of a video); more than two channels are mixed down to two.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no sound can be read from it.
    """

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise FileNotFoundError(f"there is no song {self.path}")
        object.__setattr__(self, "_format", self._read_format())

    @property
    def sample_rate(self) -> int:
        """In Hz, as in the file."""
        return self._format[0]  # type: ignore[attr-defined]

    @property
    def channels(self) -> int:
        """1 or 2."""
        return self._format[1]  # type: ignore[attr-defined]

    def blocks(self) -> Iterator[np.ndarray]:
        """See `AudioSource.blocks`.

        Raises:
            ValueError: the file is empty, breaks off, or contains values that are not finite.
        """
        import av

        count = 0
        try:
            for piece in self._decoded():
                count += piece.shape[1]
                yield self._checked(piece)
        except av.FFmpegError as error:
            raise self._unreadable(error.strerror) from None
        if not count:
            raise self._unreadable("there are no samples in it")

    def _decoded(self) -> Iterator[np.ndarray]:
        import av

        layout = "mono" if self.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=self.sample_rate)
        with av.open(str(self.path)) as file:
            for frame in file.decode(audio=0):
                # Gaps between the file's time stamps are ignored: samples follow samples.
                frame.pts = None
                yield from (piece.to_ndarray() for piece in resampler.resample(frame))
            yield from (piece.to_ndarray() for piece in resampler.resample(None))

    def _read_format(self) -> tuple[int, int]:
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
            raise ValueError(f"{self.path} contains values that are not finite")
        return samples

    def _unreadable(self, reason: str) -> ValueError:
        return ValueError(f"{self.path} cannot be read as sound: {reason}")
