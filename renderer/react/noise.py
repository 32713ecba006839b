"""Noise that turns: two images of normal values, mixed by an angle, are normal at any angle and change smoothly.

Source: AIART's rotating noise. Its sum of both images has a standard deviation of root 2; here it is 1.
"""

from collections.abc import Sequence

import numpy as np


def base_noise(size: int, seed: int) -> np.ndarray:
    """Two images of standard normal values, float32 [size, size, 2]."""
    return np.random.default_rng([seed, size]).standard_normal((size, size, 2)).astype(np.float32)


def turned(base: np.ndarray, turns: float) -> np.ndarray:
    """Vectors [..., 2] turned by so many whole turns, anticlockwise."""
    angle = 2.0 * np.pi * turns
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    x, y = base[..., 0], base[..., 1]
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)


def turned_noise(base: np.ndarray, turns: float, sigma: float = 1.0) -> np.ndarray:
    """One image of normal values of standard deviation `sigma`, float32 [size, size].

    Args:
        base: from `base_noise`, [size, size, 2].
        turns: how far it is turned; after one turn it is the same again.
        sigma: 0: no noise.
    """
    return turned(base, turns).sum(axis=-1) * np.float32(sigma / np.sqrt(2.0))


def by_size(sizes: Sequence[int], made: dict[int, np.ndarray]) -> list[np.ndarray]:
    """The noise of each layer, [1, size, size, 1], from the images of its size: layers of one size share one."""
    return [made[size][None, :, :, None] for size in sizes]
