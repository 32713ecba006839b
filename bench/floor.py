"""The floor: how many operations a note needs, and how fast this machine multiplies."""

import time

import numpy as np

from gansynth import network
from gansynth.config import Config


def operations(config: Config, frames: int, *, plain: bool = False) -> float:
    """Floating-point operations (a multiplication and an addition are two) for one note's convolutions.

    Args:
        config: the generator's sizes; the last block is the one that is heard.
        frames: how many frames are computed.
        plain: Magenta's way: all 128 frames, and 9 multiplications for each big pixel of a doubled map.
    """
    blocks = config.num_resolutions
    rows = network.needed_rows(config.frames if plain else frames, config, blocks)
    inputs = config.latent_size + config.label_size
    first = config.start_height * config.start_width
    total = float(inputs * first * config.num_filters(1) + 9 * config.num_filters(1) ** 2 * first)
    for block in range(2, blocks + 1):
        before, channels = config.num_filters(block - 1), config.num_filters(block)
        width = config.start_width * 2 ** (block - 1)
        small, big = rows[block - 1] * width / 2, min(rows[block] + 1, config.start_height * 2 ** (block - 1)) * width
        total += before * channels * 9 * (4 * small if plain else small) + 9 * channels**2 * big
    return 2 * (total + 2 * frames * config.frequencies**2)


def multiplication_rate(size: int = 2048, runs: int = 7) -> float:
    """Operations per second of TensorFlow's float32 matrix product here: the best of several runs."""
    import tensorflow as tf

    a = tf.random.normal((size, size))
    multiply = tf.function(lambda a: tf.matmul(a, a))
    multiply(a).numpy()
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        multiply(a).numpy()
        seconds.append(time.perf_counter() - begun)
    return float(2 * size**3 / np.min(seconds))
