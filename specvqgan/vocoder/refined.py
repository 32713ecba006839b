"""A vocoder whose sound is refined: its phases, and a search for those that fit the spectrogram (Griffin-Lim).

A network that has been trained for hours needs no search; a small one is far better with it, at a third of a second for
five seconds of sound.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from core import checks
from specvqgan.mel import inverse
from specvqgan.mel.spectrogram import HOP, MELS, SAMPLE_RATE
from specvqgan.vocoder.model import Vocoder
from specvqgan.windows import windows

# Frames that are searched together, and around them; where windows meet, one fades into the other.
BLOCK, MARGIN, FADE = 172, 24, 8


class RefinedVocoder:
    """A `Vocoder` of the same methods, refined; may be used from several threads."""

    def __init__(self, vocoder: Vocoder) -> None:
        """Refine a vocoder.

        Raises:
            ValueError: it is not one of the original's spectrograms.
        """
        checks.one_of("the vocoder's mels, samples of a frame and rate", (vocoder.config.mels, vocoder.config.hop,
                      vocoder.sample_rate), ((MELS, HOP, SAMPLE_RATE),))  # fmt: skip
        self._vocoder = vocoder
        self.config, self.folder, self.name = vocoder.config, vocoder.folder, vocoder.name
        self.sample_rate = vocoder.sample_rate

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file with the weights."""
        return self._vocoder.checksum

    def generate(self, mel: Any) -> np.ndarray:
        """The sounds of spectrograms; see `Vocoder.generate`."""
        mel = checks.finite("mel", np.asarray(mel, np.float32))
        checks.shape("mel", mel, ("n", self.config.mels, "frames"))
        found = [np.concatenate(list(self.stream([each])))[None] for each in mel]
        return np.concatenate([np.zeros((0, mel.shape[2] * HOP), np.float32), *found])

    def stream(self, mels: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The sound of one spectrogram that comes in pieces; see `Vocoder.stream`."""
        tail = np.zeros(0, np.float32)
        rise = np.linspace(0, 1, FADE * HOP, dtype=np.float32)
        for window, begin, end in windows(mels, BLOCK + 2 * MARGIN, MARGIN):
            wave = self._refined(window)
            part = wave[begin * HOP : end * HOP].copy()
            length = min(len(tail), len(part))
            part[:length] = (1 - rise[:length]) * tail[:length] + rise[:length] * part[:length]
            tail = wave[end * HOP : end * HOP + len(rise)]
            yield np.clip(part, -1, 1)

    def _refined(self, mel: np.ndarray) -> np.ndarray:
        """The sound of a window, [hop * frames]."""
        # A search gives a frame less than it is given.
        longer = np.concatenate([mel, mel[:, -1:]], axis=1)
        (wave,) = self._vocoder.generate(longer[None])
        return inverse.refined(longer, wave[: HOP * (longer.shape[1] - 1)])
