"""The state of a GANSynth training run: everything that has to be saved for it to resume as if never stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from gansynth.checkpoint import Weights


@dataclass
class AdamMoments:
    """Moving averages of the gradients (m) and of their squares (v) under the names of the weights; steps so far."""

    m: Weights
    v: Weights
    steps: int = 0

    @classmethod
    def zeros(cls, weights: Mapping[str, np.ndarray]) -> Self:
        """Those before the first step."""
        first, second = ({name: np.zeros_like(value) for name, value in weights.items()} for _ in range(2))
        return cls(first, second)


@dataclass
class SoundState:
    """Float32 arrays by name.

    Attributes:
        generator: weights.
        discriminator: weights.
        average: the moving average of the generator's weights, which is what plays.
        generator_adam: moments of the generator.
        discriminator_adam: moments of the discriminator.
        blocks: how many blocks the networks have.
        images: how many notes of the dataset were seen, Magenta's global_step.
        extra: what Magenta does not have: learned latents (`core.training.learned_latents`) and their moments.
    """

    generator: Weights
    discriminator: Weights
    average: Weights
    generator_adam: AdamMoments
    discriminator_adam: AdamMoments
    blocks: int
    images: int = 0
    extra: Weights = field(default_factory=dict)
