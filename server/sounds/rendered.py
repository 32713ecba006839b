"""What a request has made, for those who are told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RenderedSound:
    """A sound: its target, wave [samples], rate in Hz, MIDI pitch, and key points [k, size] with their times in it."""

    target: str
    wave: np.ndarray
    sample_rate: int
    pitch: int
    keys: np.ndarray
    key_times_s: Sequence[float] = (0.0,)

    @property
    def kind(self) -> str:
        """A note or a hallucination."""
        return "note" if len(self.keys) == 1 else "hallucination"
