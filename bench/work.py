"""The work that is timed, the same for Magenta and for us."""

from __future__ import annotations

from typing import Any

NOTES = 8
PITCH = 32
KEYS, STEPS = 10, 10
SPACING_S = 0.4
# Attack, sustain and release.
ENVELOPE_S = ATTACK_S, SUSTAIN_S, RELEASE_S = 0.5, 1.0, 0.5
# A pitch that the model that ships has too.
SERVED_PITCH = 60
SEED = 0

# A model as small as the code allows, whose blocks all have different numbers of channels.
SAVED: dict[str, Any] = {
    "fmap_base": 16,
    "fmap_max": 16,
    "latent_vector_size": 4,
    "start_height": 2,
    "start_width": 16,
    "num_resolutions": 4,
    "audio_length": 1200,
    "batch_size_schedule": [2],
    "fake_batch_size": 2,
    "stable_stage_num_images": 800000,
    "transition_stage_num_images": 800000,
    "total_num_images": 11000000,
}

# Pictures of 64 x 512, a second of sound; without progressive growing there is the last stage only.
TRAINED: dict[str, Any] = {
    "fmap_base": 512,
    "fmap_max": 64,
    "latent_vector_size": 256,
    "start_height": 2,
    "start_width": 16,
    "num_resolutions": 6,
    "audio_length": 16000,
    "batch_size_schedule": [8],
    "stable_stage_num_images": 1000000,
    "transition_stage_num_images": 1000000,
    "total_num_images": 11000000,
    "dataset_name": "nsynth_tfrecord",
}
# name: settings, stage, steps that are timed
TRAININGS: dict[str, tuple[dict[str, Any], int, int]] = {
    "the first stage, 2 x 16": ({"train_progressive": True}, 0, 60),
    "the last stage, 64 x 512": ({"train_progressive": False}, 10, 12),
}
# Steps before those that are timed, in which TensorFlow still warms up.
WARM_STEPS = 3
