"""Move the latents of a trained model without pitches to where its sounds are louder, so that few of them are silent.

Pretraining averages sounds that are silent most of the time, such as drum strokes, and some latents give nothing.
Loudness follows a straight line through the latent space well enough (correlation 0.7 on notes that were not used to
find it). A step along this line is the same as other weights in the first layer for the input that is always on, the
label of the only pitch: a bias of the generator's input. Nothing else in the network changes.
"""

from pathlib import Path

import numpy as np

import gansynth
from core.audio.levels import SILENCE_DB, rms_db
from gansynth import checkpoint

NOTES = 700
_KERNEL = "conv0_1/kernel"
_RIDGE = 5.0
_BATCH = 50


def loudness_direction(z: np.ndarray, levels_db: np.ndarray) -> np.ndarray:
    """The direction of latents [n, latent], of length 1, in which levels [n] in dB rise most, by linear regression."""
    inputs = np.concatenate([z, np.ones((len(z), 1))], axis=1)
    square = inputs.T @ inputs + _RIDGE * np.eye(inputs.shape[1])
    slope = np.linalg.solve(square, inputs.T @ np.maximum(levels_db, SILENCE_DB - 15))[:-1]
    return (slope / max(float(np.linalg.norm(slope)), 1e-9)).astype(np.float32)


def make_louder(folder: Path, step: float, seed: int = 0, notes: int = NOTES) -> None:
    """Move the latents of the model in a folder, which is then saved in its place, in half precision.

    Args:
        folder: of a model with one pitch.
        step: how far, in standard deviations of the latents.
        seed: of the notes that are measured.
        notes: how many of them.

    Raises:
        FileNotFoundError: the folder has no complete checkpoint.
        ValueError: the model has several pitches.
    """
    config = gansynth.read_config(folder)
    if len(config.pitches) != 1:
        raise ValueError(f"{folder.name} has {len(config.pitches)} pitches; only a model with one can be moved")
    model = gansynth.load(folder)
    z = np.random.default_rng(seed).standard_normal((notes, model.latent_size)).astype(np.float32)
    parts = np.split(z, range(_BATCH, notes, _BATCH))
    levels_db = np.array(
        [rms_db(wave) for part in parts for wave in model.generate(part, [*config.pitches] * len(part))]
    )
    save = checkpoint.load(config)
    kernel = save.weights[_KERNEL].copy()
    moved = np.einsum("hwio,i->hwo", kernel[:, :, : model.latent_size], loudness_direction(z, levels_db))
    kernel[:, :, model.latent_size] += np.float32(step) * moved
    counter = int(checkpoint.latest(folder)[1].name.rpartition("-")[2])
    checkpoint.save(folder, save.weights | {_KERNEL: kernel}, config, counter, half=True)
