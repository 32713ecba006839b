"""The weights with which a run begins, and those that a new block brings."""

from collections.abc import Mapping

import numpy as np

from gansynth.checkpoint import Weights, discriminator_shapes, expected_shapes
from gansynth.config import Config
from gansynth.state import Adam, State
from gansynth.training import LATENTS

# Latents begin this far from the middle and as far around, so that all of them together fill the standard normal one.
LATENT_DEVIATION = 0.7


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
    spread = np.float32(LATENT_DEVIATION)
    start = (spread * rng.standard_normal(shape, np.float32), np.full(shape, np.log(spread), np.float32))
    latents = dict(zip(LATENTS, start, strict=True))
    return latents | {f"{name}/{slot}": np.zeros(shape, np.float32) for name in LATENTS for slot in ("m", "v")}


def _still(weights: Weights) -> Adam:
    return Adam(
        {name: np.zeros_like(value) for name, value in weights.items()},
        {name: np.zeros_like(value) for name, value in weights.items()},
    )
