"""Steady motion while nothing plays: sine waves on every value, a function of the clock alone."""

import numpy as np

from renderer.live.generator_input import GeneratorInput

# Turns per second. Two waves per value, so that it takes long before anything repeats. Measured with the model that
# ships: a frame differs from the one before by about 1 of 255 (`python -m bench.mixtures`).
_SLOWEST, _FASTEST = 1 / 17, 1 / 3.5
_CLASS_SLOWEST, _CLASS_FASTEST = 1 / 90, 1 / 40
# How clearly one class dominates.
_CONTRAST = 12.0


def rest_at(z_size: int) -> np.ndarray:
    """Normal values [z] around which oscillators swing; the same in every session."""
    return np.clip(np.random.default_rng([z_size, 1]).standard_normal(z_size), -2.0, 2.0)


def walk(now_s: float, z_size: int, classes: tuple[int, ...], num_classes: int) -> GeneratorInput:
    """The input at a time: z of variance 1 within +-2; the weights of `classes` sum to 1, all others are 0."""
    z = _waves(now_s, z_size, _SLOWEST, _FASTEST, seed=2)
    likes = np.exp(_CONTRAST * _waves(now_s, len(classes), _CLASS_SLOWEST, _CLASS_FASTEST, seed=3))
    weights = np.zeros(num_classes)
    weights[list(classes)] = likes / likes.sum()
    return GeneratorInput(z, weights)


def _waves(now_s: float, size: int, slowest: float, fastest: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng([size, seed])
    speeds, phases = rng.uniform(slowest, fastest, (2, size)), rng.uniform(0.0, 1.0, (2, size))
    return np.sin(2.0 * np.pi * (speeds * now_s + phases)).sum(axis=0)
