"""Training that takes seconds: notes of 75 ms, pictures of 16 x 128 pixels, four channels."""

import json
import os
import subprocess
import sys

import numpy as np
from waiting import PATIENCE_S

from gansynth.dataset import records
from gansynth.dataset.records import FAMILIES, Labels, Note

RATE, LENGTH, PITCHES = 16000, 1200, (60, 64, 67)
SETTINGS = {
    "audio_length": LENGTH,
    "start_height": 4,
    "start_width": 32,
    "num_resolutions": 3,
    "fmap_base": 32,
    "fmap_max": 4,
    "latent_vector_size": 8,
    "stable_stage_num_images": 16,
    "transition_stage_num_images": 16,
    "total_num_images": 96,
    "batch_size_schedule": [8],
    "save_summaries_num_images": 1000,
    "generator_learning_rate": 1e-3,
    "discriminator_learning_rate": 1e-3,
}


def tone(pitch, partials):
    phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(LENGTH) / RATE
    return (0.5 * sum(np.sin(n * phase) / n for n in range(1, partials + 1)) / partials).astype(np.float32)


def write_tones(folder):
    """A dataset of two instruments: flutes of one partial, reeds of four."""
    notes = [
        Note(f"{name}_{pitch}", Labels(name, pitch, family=FAMILIES.index(name)), tone(pitch, partials))
        for name, partials in (("flute", 1), ("reed", 4))
        for pitch in PITCHES
    ]
    records.write(folder, notes)
    return folder


def words(data, run, *flags, **hparams):
    settings = SETTINGS | {"train_data_path": str(data), "train_root_dir": str(run)} | hparams
    return [sys.executable, "-m", "scripts.gansynth_train", "--hparams", json.dumps(settings), *map(str, flags)]


def train(data, run, *flags, environment=None, **hparams):
    """Run gansynth_train to its end; the completed process."""
    return _completed(words(data, run, *flags, **hparams), environment or {})


def train_from(voice, settings, *flags):
    """Run gansynth_train --start_from to its end; the completed process."""
    command = [sys.executable, "-m", "scripts.gansynth_train", "--start_from", str(voice)]
    return _completed([*command, "--hparams", json.dumps(settings), *flags], {})


def _completed(command, environment):
    environment = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=2 * PATIENCE_S, env=environment)
