"""Read a sound file in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio.decoding import DecodingError, decode
from core.audio.levels import check_scale


@dataclass(frozen=True)
class Song:
    """A sound file that FFmpeg can read (also the sound of a video); more than two channels are mixed down to two.

    Where rate or channels change on the way, the first ones hold for all of it.

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
        """In Hz, as at the beginning of the file."""
        return self._format[0]  # type: ignore[attr-defined]

    @property
    def channels(self) -> int:
        """1 or 2."""
        return self._format[1]  # type: ignore[attr-defined]

    def blocks(self) -> Iterator[np.ndarray]:
        """See `AudioSource.blocks`.

        Raises:
            ValueError: the file is empty, most of it is damaged, or it contains values that are not finite, or far
                beyond full scale.
        """
        layout = "mono" if self.channels == 1 else "stereo"
        try:
            for block in decode(self.path, layout, self.sample_rate):
                yield self._checked(block.samples)
        except DecodingError as error:
            raise self._unreadable(error) from None

    def _read_format(self) -> tuple[int, int]:
        try:
            first = next(decode(self.path))
        except DecodingError as error:
            raise self._unreadable(error) from None
        return first.sample_rate, min(len(first.samples), 2)

    def _checked(self, samples: np.ndarray) -> np.ndarray:
        if not np.isfinite(samples).all():
            raise ValueError(f"{self.path} contains values that are not finite")
        check_scale(self.path, samples)
        return samples

    def _unreadable(self, reason: DecodingError) -> ValueError:
        return ValueError(f"{self.path} cannot be read as sound: {reason}")
