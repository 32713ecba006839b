"""What is measured on a few notes of a model: the gains that make models equally loud, and whether it plays tones."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from core.audio.levels import PEAK as HIGHEST
from core.audio.loudness import TARGET_LUFS, gain_db_to, mean_loudness_lufs
from core.audio.stored_wave import Samples
from core.progress import Progress
from gansynth.hallucination import PEAK, Timing, overlap_add
from gansynth.latent_prior import LatentPrior
from gansynth.report.tuning import clarity_db

log = logging.getLogger(__name__)

NOTES = 8
# Short hallucinations, wider by half than OSC's usual ones: the patches' are wider still.
PATHS, KEYS = 4, 3
WIDER = 1.5
_SEED = 1770
# A longer hallucination is measured in parts of at most this.
_PART_S = 60.0


@dataclass(frozen=True)
class Level:
    """Gains in dB that bring the sounds of a model to -20 LUFS, and how many of its notes are in tune.

    Attributes:
        note_db: for its notes, as the model renders them.
        hallucination_db: for its hallucinations, whose peak is 0.5, before one is rendered; see `hallucination_db`.
        in_tune: the share of notes that are tones at their pitch, 0..1; 1 for a model with a single pitch, whose notes
            need not be tones.
    """

    note_db: float = 0.0
    hallucination_db: float = 0.0
    in_tune: float = 1.0


class MeasuredModel(Protocol):
    """The part of a sound model that a measurement needs."""

    name: str

    @property
    def pitches(self) -> Sequence[int]:
        """MIDI pitches."""

    sample_rate: int
    audio_length: int
    prior: LatentPrior

    def generate(self, z: np.ndarray, pitches: Sequence[int], /, *, progress: Progress | None = None) -> np.ndarray:
        """Notes, float32 [n, audio_length]; see `Model.generate`."""


def measure(model: MeasuredModel, progress: Progress | None = None) -> Level:
    """Measure the level of a model: the same for the same model each time; one that plays noise is logged.

    Eight notes with random timbres, at pitches spread over those of the model, and four hallucinations of three key
    points at its middle pitch, with the default envelope.

    Args:
        model: the model.
        progress: see `Model.generate`.

    Returns:
        Gains between -60 and 40 dB, rounded to 0.01 dB; the share of the eight notes that are in tune, see `Level`.
    """
    z = model.prior.draw(np.random.default_rng(_SEED), NOTES + PATHS * KEYS, precision=np.float64).astype(np.float32)
    places = np.linspace(0, len(model.pitches) - 1, NOTES + 2).round().astype(int)[1:-1]
    pitches = [int(model.pitches[place]) for place in places]
    middle = int(model.pitches[len(model.pitches) // 2])
    options = {} if progress is None else {"progress": progress}
    waves = model.generate(z, pitches + [middle] * (PATHS * KEYS), **options)
    waves = np.where(np.isfinite(waves), waves, 0.0)
    rate = model.sample_rate
    usual = Timing.default_for(model.audio_length / rate)
    timing = replace(usual, spacing=WIDER * usual.spacing).fitted(model.audio_length, rate)
    paths = [overlap_add(keys, KEYS, timing, rate) for keys in np.split(waves[NOTES:], PATHS)]
    loudness = (mean_loudness_lufs(waves[:NOTES], rate), mean_loudness_lufs(paths, rate))
    gains = [round(gain_db_to(TARGET_LUFS, measured), 2) for measured in loudness]
    return Level(gains[0], gains[1], _in_tune(model, waves[:NOTES], pitches))


def hallucination_db(wave: Samples, sample_rate: int) -> float:
    """Gain in dB, rounded to 0.01, that brings one hallucination to -20 LUFS, or as near as -1 dBFS allows.

    Two hallucinations of a model have the same peak, and a loudness that differs by up to 5 dB.

    Args:
        wave: float [samples], with a peak of 0.5.
        sample_rate: in Hz.
    """
    parts = max(1, int(np.ceil(len(wave) / (_PART_S * sample_rate))))
    bounds = np.linspace(0, len(wave), parts + 1).astype(int)
    pieces = (np.asarray(wave[begin:end]) for begin, end in pairwise(bounds))
    highest_db = 20.0 * np.log10(HIGHEST / PEAK)
    return round(min(gain_db_to(TARGET_LUFS, mean_loudness_lufs(pieces, sample_rate)), float(highest_db)), 2)


def _in_tune(model: MeasuredModel, waves: np.ndarray, pitches: Sequence[int]) -> float:
    """The share of notes that are tones at their pitch; a model that plays noise where it has pitches is logged."""
    if len(model.pitches) == 1:
        return 1.0
    # Harmonics to noise at the pitch: above 20 dB for tones, below -7 dB for noise of models with random weights.
    count = sum(clarity_db(wave, pitch, model.sample_rate) > 0 for wave, pitch in zip(waves, pitches, strict=True))
    if count < len(waves) / 2:
        log.warning(
            "%s plays noise: %d of %d notes are in tune; it may still be training", model.name, count, len(waves)
        )
    return count / len(waves)
