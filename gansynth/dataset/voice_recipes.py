"""The settings that the voices were trained with, apart from places and length."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """How a voice is trained.

    Attributes:
        config: what the hyper-parameters start from; "": Magenta's defaults.
        hparams: those that differ.
        images: how many notes it learns from; with --minutes, how the schedule's positions are counted.
        pretraining: the share of them that is reconstruction only.
        half: whether it is kept in half precision.
        louder: how far its latents are moved to where its sounds are loud, in standard deviations; see
            `gansynth.louder`.
        latents: whether random latents are those that its instruments have learned; see gansynth/latent_prior.py.
        levels: whether each octave is made as loud as in its data; see gansynth/octave_gains.py.
    """

    config: str
    hparams: dict[str, Any] = field(default_factory=dict)
    images: int = 140_000
    pretraining: float = 1.0
    half: bool = False
    louder: float = 0.0
    latents: bool = False
    levels: bool = False


# For ten minutes on a GPU: no growing, large batches, and an adversarial phase that holds.
_GPU: dict[str, Any] = {
    "data_type": "complex_mel",
    "start_width": 8,
    "num_resolutions": 7,
    "fmap_max": 256,
    "condition_dropout": 0.5,
    "batch_size_schedule": [32],
    "mag_normalizer_a": 0.0816,
    "mag_normalizer_b": -0.0487,
    "train_progressive": False,
    "warm_start_learning_rate": 0.003,
    "latent_kl_weight": 0.002,
    "adversarial_loss": "logistic",
    "r1_weight": 5.0,
    "discriminator_warm_up_images": 30_000,
    "adversarial_weight": 0.1,
    "falling_rate_share": 0.15,
    "reconstruction_weight": 1.0,
    "gradient_penalty_interval": 4,
    "real_score_penalty_weight": 0.0,
    "generator_learning_rate": 2.5e-4,
    "discriminator_learning_rate": 5e-4,
    "generator_ac_loss_weight": 1.0,
    "discriminator_ac_loss_weight": 1.0,
}
RECIPES = {
    "fluid": Recipe("small_warm", {"conditions": ["family"], "condition_dropout": 0.5}),
    "percussion": Recipe(
        "",
        _GPU
        | {
            "audio_length": 32000,
            "start_height": 2,
            "latent_vector_size": 64,
            "fmap_base": 1024,
            "conditions": ["qualities"],
            "fade_in_s": 0.001,
        },
        images=600_000,
        pretraining=0.6,
        half=True,
        louder=0.8,
    ),
    "orchestra": Recipe(
        "small_warm",
        {
            "data_type": "complex_mel",
            "mag_normalizer_a": 0.0816,
            "mag_normalizer_b": -0.0487,
            "latent_vector_size": 128,
            "conditions": ["family"],
            "condition_dropout": 0.5,
            "energy_weight": 1.0,
            "latent_kl_weight": 0.006,
            "audio_length": 48384,
            "start_height": 3,
            "consistent_phases": True,
        },
        images=373_000,
        half=True,
        latents=True,
        levels=True,
    ),
    "mixed": Recipe(
        "",
        _GPU
        | {
            "audio_length": 64000,
            "start_height": 4,
            "latent_vector_size": 128,
            "fmap_base": 2048,
            "conditions": ["family", "qualities"],
            "train_max_pitch": 108,
        },
        images=600_000,
        pretraining=0.6,
        half=True,
    ),
}
