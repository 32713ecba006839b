"""Every note that a clip can have, rendered once: families, instruments, pitches, and how bright they sound."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from specvqgan.dataset import rule

# Above it the spectrum of a note falls, for each brightness, in Hz.
CUTOFFS_HZ = (500.0, 1200.0, 3000.0, 11000.0)
# Root mean square of the loudest tenth of a second of each note.
LEVEL = 0.12
_PEAK = 0.9


@dataclass(frozen=True)
class NoteBank:
    """Notes at one sample rate.

    Attributes:
        sample_rate: in Hz.
        waves: [family][instrument][hue], float32 [samples] each, without filters.
    """

    sample_rate: int
    waves: Sequence[Sequence[Sequence[np.ndarray]]]

    def __post_init__(self) -> None:
        if len(self.waves) != len(rule.FAMILIES):
            raise ValueError(f"a note bank must have {len(rule.FAMILIES)} families, not {len(self.waves)}")
        bright = [
            [[[_level(_darkened(wave, hz, self.sample_rate), self.sample_rate) for hz in CUTOFFS_HZ] for wave in hues]
             for hues in instruments]
            for instruments in self.waves
        ]  # fmt: skip
        object.__setattr__(self, "_bright", bright)

    def note(self, family: int, variant: int, hue: int, light: int) -> np.ndarray:
        """A note, float32 [samples]; variants beyond the family's instruments begin again."""
        instruments = self._bright[family]  # type: ignore[attr-defined]
        found: np.ndarray = instruments[variant % len(instruments)][hue][light]
        return found


def _darkened(wave: np.ndarray, hz: float, sample_rate: int) -> np.ndarray:
    """A wave through a low-pass of 12 dB per octave."""
    spectrum = np.fft.rfft(wave, 2 * len(wave))
    bins = np.fft.rfftfreq(2 * len(wave), 1 / sample_rate)
    return np.fft.irfft(spectrum / (1 + 1j * bins / hz) ** 2)[: len(wave)].astype(np.float32)


def _level(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """A wave at the common level."""
    window = max(1, sample_rate // 10)
    blocks = np.pad(wave, (0, -len(wave) % window)).reshape(-1, window)
    loudest = float(np.sqrt(np.square(blocks).mean(1)).max())
    scaled = wave * (LEVEL / max(loudest, 1e-9))
    return (scaled * min(1.0, _PEAK / max(float(np.abs(scaled).max()), 1e-9))).astype(np.float32)
