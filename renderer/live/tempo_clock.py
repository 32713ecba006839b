"""Tempo mode: beats as a function of time, and the latent vector that swings with them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.latent.oscillators import Oscillator, offsets
from renderer import sound_to_image
from renderer.live.idle_motion import rest_at


@dataclass(frozen=True)
class TempoClock:
    """Beats since beat 0; a new tempo continues from the current beat.

    Attributes:
        bpm: beats per minute.
        since_s: the time at which the clock was at `beats`.
        beats: the beat at `since_s`.
    """

    bpm: float
    since_s: float
    beats: float = 0.0

    def at(self, now_s: float) -> float:
        """The beat at a time, with its fraction."""
        return self.beats + (now_s - self.since_s) * self.bpm / 60.0

    def at_tempo(self, bpm: float, now_s: float) -> "TempoClock":
        """The same beat with another tempo from now on."""
        return self if bpm == self.bpm else TempoClock(bpm, now_s, self.at(now_s))


def z_at(beats: float, oscillators: Mapping[int, Oscillator], z_size: int) -> np.ndarray:
    """The latent vector [z] at a beat, within +-2; axes beyond z_size are ignored."""
    inside = [_within(one, z_size) for one in oscillators.values()]
    return sound_to_image.fold(rest_at(z_size) + offsets(inside, np.array([beats]), z_size)[0], sound_to_image.REACH)


def _within(one: Oscillator, z_size: int) -> Oscillator:
    axes = tuple(axis for axis in one.axes if axis < z_size)
    return Oscillator(axes, one.magnitude, one.period, one.function)
