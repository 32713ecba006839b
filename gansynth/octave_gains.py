"""Make a trained model as loud as its data in every octave.

What a network cannot know exactly it generates too softly, high octaves most of all. The gains that make up for it are
measured with notes of the model and of its dataset, and applied to its spectra whenever it plays.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.progress import Progress
from gansynth import checkpoint, latent_prior
from gansynth.config import Config, read_config
from gansynth.dataset import records
from gansynth.dataset.records import FAMILIES, Labels
from gansynth.model import Model
from gansynth.report import note_plan, octave_levels
from gansynth.report.note_plan import NoteRequest
from gansynth.setting_ranges import MOST_GAIN_DB

# Notes of the model in each round; an octave's gain moves its neighbours too, so that one round does not get there.
NOTES, ROUNDS = 216, 3
REAL_NOTES = 2000
Levels = list[tuple[str, np.ndarray]]


def measure(folder: Path, data_dir: Path, progress: Progress = lambda done, total: None) -> tuple[float, ...]:
    """The gains of a model's octaves in dB, with which its notes have the mean power of a dataset's.

    Args:
        folder: of the model.
        data_dir: of the dataset.
        progress: counts rounds.

    Raises:
        FileNotFoundError: one of them is missing.
        ValueError: one of them is damaged, or they have no pitch in common.
    """
    config, labels = read_config(folder), records.read_labels(data_dir)
    weights, real = checkpoint.load(config), _real(config, data_dir)
    gains = np.zeros(len(octave_levels.NAMES))
    requests, rng = note_plan.plan(config, labels, NOTES, np.random.default_rng(0)), np.random.default_rng(1)
    prior = latent_prior.read(config)
    latents = [prior.draw(rng, 1, dict(one.conditions), np.float64)[0].astype(np.float32) for one in requests]
    for done in range(ROUNDS):
        progress(done, ROUNDS)
        model = Model(replace(config, octave_gains_db=tuple(gains.tolist())), weights)
        generated = [_levels(model, *one, labels) for one in zip(requests, latents, strict=True)]
        louder = octave_levels.differences_db(real, generated)
        gains -= np.array([louder[name] for name in octave_levels.NAMES])
        gains = np.clip(gains, -MOST_GAIN_DB, MOST_GAIN_DB).round(2)
    progress(ROUNDS, ROUNDS)
    return tuple(gains.tolist())


def _real(config: Config, data_dir: Path) -> Levels:
    """Families and octave powers of a dataset's notes that have the model's pitches."""
    step, found = -(-len(records.read_labels(data_dir)) // REAL_NOTES), Levels()
    for place, note in enumerate(records.read(data_dir)):
        if place % step == 0 and note.labels.pitch in config.pitches:
            power = octave_levels.octave_power(note.audio[: config.audio_length], config.sample_rate)
            found.append((FAMILIES[note.labels.family], power))
    return found


def _levels(model: Model, request: NoteRequest, z: np.ndarray, labels: Mapping[str, Labels]) -> tuple[str, np.ndarray]:
    """The family, or "" where the model has none, and the octave powers of a note that it is asked for."""
    wave = model.generate(z[None], [request.pitch], conditions=dict(request.conditions))[0]
    family = FAMILIES[labels[request.like].family] if "family" in model.conditions else ""
    return family, octave_levels.octave_power(wave, model.sample_rate)
