"""A rendered sound, before anything delivers it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RenderedSound:
    """A sound that a command rendered.

    Attributes:
        target: the client's name for it.
        wave: float32 [samples].
        sample_rate: in Hz.
        pitch: MIDI pitch.
        keys: its key points, [k, size].
        key_times_s: when it reaches them.
        gain_db: what brings it to the common loudness; not applied to `wave`.
    """

    target: str
    wave: np.ndarray
    sample_rate: int
    pitch: int
    keys: np.ndarray
    key_times_s: Sequence[float] = (0.0,)
    gain_db: float = 0.0

    @property
    def kind(self) -> str:
        """One of "note" and "hallucination"."""
        return "note" if len(self.keys) == 1 else "hallucination"
