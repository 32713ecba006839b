"""Begin a run with the weights of a voice, whose notes may be shorter or longer than those of the run.

The generator is convolutional in time: only the first map, which its first layer makes of a latent, is as long as the
notes. That layer's kernel is stretched, its ends kept: a note begins and ends as before, with more or less between. The
discriminator's last layer, which reads that map, is stretched likewise. A pitch that the voice does not have begins as
the nearest one that it has.
"""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from core.training.learned_latents import LATENTS
from gansynth import checkpoint
from gansynth.checkpoint import Weights
from gansynth.config import PLAYING, Config, nearest_pitch, read_config
from gansynth.dataset import records
from gansynth.training import run_folder
from gansynth.training.continuation import MOMENTS
from gansynth.training.state import AdamMoments, SoundState

# What may differ: how long notes are, their pitches, and what does not shape the networks.
_FREE = {"folder", "pitches", "audio_length", "start_height", "train_progressive", "label_counts", "octave_gains_db"}
_FREE |= PLAYING | {"stable_stage_num_images", "transition_stage_num_images"}
GENERATOR_FIRST, DISCRIMINATOR_LAST, PITCH_HEAD = "conv0_1/kernel", "conv1_1/kernel", "classification_logits"


def begin(folder: Path, config: Config, instruments: Sequence[str], first: SoundState) -> SoundState:
    """The state of a run that begins with a voice.

    Args:
        folder: of the voice: a run, or a shrunk one; without what training further needs, only its generator counts.
        config: of the run.
        instruments: names of those it learns from, in the order of its learned latents.
        first: the run's state without the voice. Latents of instruments that the voice does not know stay as there.

    Raises:
        FileNotFoundError: there is no such voice.
        ValueError: it is damaged, or does not have the run's networks and conditions.
    """
    voice = read_config(folder)
    _check(voice, config)
    found = _found(folder, voice)
    if found.blocks != first.blocks:
        raise ValueError(f"{folder} has {found.blocks} resolutions; a run can only begin with all {first.blocks}")
    rows = [voice.pitches.index(nearest_pitch(voice.pitches, pitch)) for pitch in config.pitches]
    average = _generator(found.average, voice, rows, config.start_height)
    discriminator = first.discriminator
    if found.discriminator:
        discriminator = _discriminator(found.discriminator, voice, rows, config.start_height)
    return SoundState(
        {name: value.copy() for name, value in average.items()},
        discriminator,
        average,
        AdamMoments.zeros(average),
        AdamMoments.zeros(discriminator),
        first.blocks,
        extra=first.extra | _latents(folder, found, instruments, first),
    )


def stretched(kernel: np.ndarray, height: int, gain: float = 1.0) -> np.ndarray:
    """A kernel [h, w, in, out] as [height, w, in, out], between whose ends values are interpolated.

    Args:
        kernel: from a checkpoint.
        height: the new one.
        gain: a factor for what the layer computes; that of the equalised learning rate, which counts the kernel's
            values, is made up for.
    """
    places = np.linspace(0.0, len(kernel) - 1.0, height) if height > 1 else np.array([(len(kernel) - 1) / 2])
    below = np.floor(places).astype(int)
    above, share = np.minimum(below + 1, len(kernel) - 1), (places - below)[:, None, None, None]
    between = (1.0 - share) * kernel[below] + share * kernel[above]
    return (between * gain * np.sqrt(height / len(kernel))).astype(np.float32)


def _check(voice: Config, config: Config) -> None:
    for name in (field.name for field in fields(Config) if field.name not in _FREE):
        before, now = getattr(voice, name), getattr(config, name)
        if before != now:
            raise ValueError(f"{voice.folder} has {name} {before}; the run has {now}, and must have the voice's")


def _found(folder: Path, voice: Config) -> SoundState:
    """What is known of a voice: all of it, or only the generator that plays."""
    if run_folder.can_continue(folder):
        return run_folder.restore(folder, voice)
    played = checkpoint.load(voice)
    return SoundState({}, {}, played.weights, AdamMoments({}, {}), AdamMoments({}, {}), played.blocks)


def _generator(weights: Weights, voice: Config, rows: Sequence[int], height: int) -> Weights:
    """The generator's weights for the voice's pitches in `rows`.

    How many inputs there are does not matter otherwise: they are normalised, and so is the kernel.
    """
    kernel, first = weights[GENERATOR_FIRST], voice.latent_size
    others = [*range(first), *(first + row for row in rows), *range(first + len(voice.pitches), kernel.shape[2])]
    return {**weights, GENERATOR_FIRST: stretched(kernel[:, :, others], height)}


def _discriminator(weights: Weights, voice: Config, rows: Sequence[int], height: int) -> Weights:
    head = {name: weights[name][..., rows] for name in (f"{PITCH_HEAD}/kernel", f"{PITCH_HEAD}/bias")}
    last = stretched(weights[DISCRIMINATOR_LAST], height, voice.start_height / height)
    return {**weights, **head, DISCRIMINATOR_LAST: last}


def _latents(folder: Path, found: SoundState, instruments: Sequence[str], first: SoundState) -> Weights:
    """The learned latents of the instruments that the voice knows by name; their moments begin at zero.

    An instrument has one row, and a second one beyond all first ones where there are conditions.
    """
    known = sorted({one.instrument for one in records.read_labels(folder).values()})
    if not all(name in found.extra and name in first.extra for name in LATENTS):
        return {}
    halves = len(first.extra[LATENTS[0]]) // len(instruments)
    if len(found.extra[LATENTS[0]]) != halves * len(known):
        return {}
    both = [(known.index(name), row) for row, name in enumerate(instruments) if name in known]
    pairs = [(old + half * len(known), new + half * len(instruments)) for half in range(halves) for old, new in both]
    extra: Weights = {}
    for name in LATENTS:
        extra[name] = first.extra[name].copy()
        for old, new in pairs:
            extra[name][new] = found.extra[name][old]
        extra |= {name + slot: np.zeros_like(extra[name]) for slot in MOMENTS}
    return extra
