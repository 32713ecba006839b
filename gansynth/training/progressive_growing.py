"""The weights with which a GANSynth run begins, and those that a new block adds."""

from collections.abc import Mapping

import numpy as np

from core.training import learned_latents
from gansynth.checkpoint import Weights, discriminator_shapes, expected_shapes
from gansynth.config import Config
from gansynth.training.state import AdamMoments, SoundState

# A label is one input beside hundreds of a latent's. In pretraining it begins with as much weight as all of them.
LATENT_GAIN, LABEL_GAIN = 0.5, 8.0


def initial(config: Config, blocks: int, groups: int, rng: np.random.Generator) -> SoundState:
    """The state of a run before its first note.

    Args:
        config: gives the sizes.
        blocks: how many blocks the first stage has.
        groups: how many distributions of latents pretraining learns; 0: there is no pretraining.
        rng: where the weights come from.
    """
    generator = _random(expected_shapes(config, blocks), rng)
    discriminator = _random(discriminator_shapes(config, blocks), rng)
    if groups:
        generator["conv0_1/kernel"][:, :, : config.latent_size] *= np.float32(LATENT_GAIN)
        generator["conv0_1/kernel"][:, :, config.latent_size :] *= np.float32(LABEL_GAIN)
    return SoundState(
        generator,
        discriminator,
        dict(generator),
        AdamMoments.zeros(generator),
        AdamMoments.zeros(discriminator),
        blocks,
        extra=_latents(config, groups, rng),
    )


def grown(state: SoundState, config: Config, blocks: int, rng: np.random.Generator) -> SoundState:
    """The same run with more blocks. Adam starts again, as in Magenta, where each stage is a graph of its own."""
    generator = _random(expected_shapes(config, blocks), rng)
    discriminator = _random(discriminator_shapes(config, blocks), rng) | state.discriminator
    return SoundState(
        generator | state.generator,
        discriminator,
        generator | state.average,
        AdamMoments.zeros(generator),
        AdamMoments.zeros(discriminator),
        blocks,
        state.images,
        state.extra,
    )


def _random(shapes: Mapping[str, tuple[int, ...]], rng: np.random.Generator) -> Weights:
    """Kernels from N(0, 1), which the equalised learning rate scales; zero biases."""
    return {
        name: rng.standard_normal(shape, np.float32) if name.endswith("/kernel") else np.zeros(shape, np.float32)
        for name, shape in shapes.items()
    }


def _latents(config: Config, groups: int, rng: np.random.Generator) -> Weights:
    """Learned latents and their moments."""
    latents = learned_latents.initial(groups, config.latent_size, rng)
    return latents | {f"{name}/{slot}": np.zeros_like(value) for name, value in latents.items() for slot in ("m", "v")}
