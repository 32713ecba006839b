"""The gains that make the sounds of different models equally loud, measured on a few notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.audio.loudness import TARGET_LUFS, gain_db_to, loudness_lufs, mean_loudness_lufs
from core.latent.interpolation import slerp
from core.latent.key_path import key_path
from gansynth.hallucination import Timing, overlap_add

NOTES = 8
KEYS = 3
STEPS = 0
_SEED = 1770


@dataclass(frozen=True)
class Level:
    """Gains in dB that bring the sounds of a model to -20 LUFS.

    Attributes:
        note_db: for its notes, as the model renders them.
        hallucination_db: for its hallucinations, whose peak is 0.5.
    """

    note_db: float = 0.0
    hallucination_db: float = 0.0


class MeasuredModel(Protocol):
    """The part of a sound model that a measurement needs."""

    @property
    def pitches(self) -> Sequence[int]:
        """MIDI pitches."""

    latent_size: int
    sample_rate: int
    audio_length: int

    def generate(self, z: np.ndarray, pitches: Sequence[int], /) -> np.ndarray:
        """Notes, float32 [n, audio_length]."""


def measure(model: MeasuredModel) -> Level:
    """Measure the gains of a model: the same for the same model each time.

    Eight notes with random timbres, at pitches spread over those of the model, and one hallucination through three key
    points at its middle pitch, with the default envelope.

    Returns:
        Gains between -60 and 40 dB, rounded to 0.01 dB.
    """
    z = np.random.default_rng(_SEED).standard_normal((NOTES + KEYS, model.latent_size)).astype(np.float32)
    path = key_path(z[NOTES:], STEPS, slerp)
    places = np.linspace(0, len(model.pitches) - 1, NOTES + 2).round().astype(int)[1:-1]
    pitches = [int(model.pitches[place]) for place in places]
    middle = int(model.pitches[len(model.pitches) // 2])
    waves = model.generate(np.concatenate([z[:NOTES], path]), pitches + [middle] * len(path))
    waves = np.where(np.isfinite(waves), waves, 0.0)
    rate = model.sample_rate
    timing = Timing.default_for(model.audio_length / rate).fitted(model.audio_length, rate)
    whole = overlap_add(waves[NOTES:], len(path), timing, rate)
    gains = (mean_loudness_lufs(waves[:NOTES], rate), loudness_lufs(whole, rate))
    return Level(*(round(gain_db_to(TARGET_LUFS, measured), 2) for measured in gains))
