"""The distribution of random latents that a run has learned, as a file of its model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.formats import safetensors_file
from core.training.learned_latents import LATENTS
from gansynth.conditions import JointCounts
from gansynth.config import Config
from gansynth.dataset.records import Labels
from gansynth.latent_prior import DEVIATIONS, FILE, LABELS, MEANS, NOTES


def write(config: Config, learned: Mapping[str, np.ndarray], labels: Sequence[Labels]) -> Path:
    """Write the file of a run that has learned latents into its folder; its path.

    Args:
        config: of the run.
        learned: the run's latents, see core/training/learned_latents.py: a row for each instrument by name, and second
            ones for notes without all conditions.
        labels: of the notes of its dataset.

    Raises:
        ValueError: the run has learned none, or those of other instruments.
    """
    names = sorted({one.instrument for one in labels})
    halves = 2 if config.conditions else 1
    if not all(name in learned and len(learned[name]) == halves * len(names) for name in LATENTS):
        raise ValueError(f"{config.folder} has no learned latents of the {len(names)} instruments in its meta.json")
    vectors = JointCounts.of(config, labels).vectors(labels)[:, len(config.pitches) :]
    instruments = np.array([[names.index(one.instrument)] for one in labels])
    keys, notes = np.unique(np.hstack([instruments, vectors]).astype(np.int32), axis=0, return_counts=True)
    means, deviations = (learned[name].reshape(halves, len(names), -1)[:, keys[:, 0]] for name in LATENTS)
    arrays = safetensors_file.halved({MEANS: means, DEVIATIONS: np.exp(deviations)})
    arrays |= {LABELS: keys[:, 1:].astype(np.uint8), NOTES: notes.astype(np.int32)}
    safetensors_file.write(config.folder / FILE, arrays)
    return config.folder / FILE
