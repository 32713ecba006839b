"""The weights with which a run begins, and those that a new block brings."""

from collections.abc import Mapping

import numpy as np

from gansynth.checkpoint import Weights, discriminator_shapes, expected_shapes
from gansynth.config import Config
from gansynth.training.state import LATENTS, Adam, State

# Latents begin as points of a normal distribution and this far around them, so that all together fill the standard one.
LATENT_DEVIATION = 0.3
# A label is one input beside hundreds of a latent's. For the warm start it begins as loud as all of them together.
LATENT_GAIN, LABEL_GAIN = 0.5, 8.0


def initial(config: Config, blocks: int, groups: int, rng: np.random.Generator) -> State:
    """A run before its first image.

    Args:
        config: gives the sizes.
        blocks: how many blocks the first stage has.
        groups: how many latents the warm start learns; 0: there is none.
        rng: where the weights come from.
    """
    generator = _random(expected_shapes(config, blocks), rng)
    discriminator = _random(discriminator_shapes(config, blocks), rng)
    if groups:
        generator["conv0_1/kernel"][:, :, : config.latent_size] *= np.float32(LATENT_GAIN)
        generator["conv0_1/kernel"][:, :, config.latent_size :] *= np.float32(LABEL_GAIN)
    return State(
        generator,
        discriminator,
        dict(generator),
        _still(generator),
        _still(discriminator),
        blocks,
        extra=_latents(config, groups, rng),
    )


def grown(state: State, config: Config, blocks: int, rng: np.random.Generator) -> State:
    """The same run with more blocks. Adam starts anew, as in Magenta, where each stage is a graph of its own."""
    generator = _random(expected_shapes(config, blocks), rng)
    discriminator = _random(discriminator_shapes(config, blocks), rng) | state.discriminator
    return State(
        generator | state.generator,
        discriminator,
        generator | state.average,
        _still(generator),
        _still(discriminator),
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
    if not groups:
        return {}
    shape = (groups, config.latent_size)
    means = np.float32(np.sqrt(1 - LATENT_DEVIATION**2)) * rng.standard_normal(shape, np.float32)
    start = (means, np.full(shape, np.log(LATENT_DEVIATION), np.float32))
    latents = dict(zip(LATENTS, start, strict=True))
    return latents | {f"{name}/{slot}": np.zeros(shape, np.float32) for name in LATENTS for slot in ("m", "v")}


def _still(weights: Weights) -> Adam:
    return Adam(
        {name: np.zeros_like(value) for name, value in weights.items()},
        {name: np.zeros_like(value) for name, value in weights.items()},
    )
