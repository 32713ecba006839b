"""The floor: how many operations a note needs, and how fast this machine multiplies."""

import threading
import time

import numpy as np

from gansynth import network
from gansynth.config import Config


def operations(config: Config, frames: int) -> float:
    """Floating-point operations (a multiplication and an addition are two) for one note's convolutions.

    Args:
        config: the generator's sizes; the last block is the one that is in the result.
        frames: how many frames are computed.
    """
    blocks = config.num_resolutions
    rows = network.needed_rows(frames, config, blocks)
    inputs = config.latent_size + config.label_size
    first = config.start_height * config.start_width
    total = float(inputs * first * config.num_filters(1) + 9 * config.num_filters(1) ** 2 * first)
    for block in range(2, blocks + 1):
        before, channels = config.num_filters(block - 1), config.num_filters(block)
        width = config.start_width * 2 ** (block - 1)
        small, big = rows[block - 1] * width / 2, min(rows[block] + 1, config.start_height * 2 ** (block - 1)) * width
        # An enlargement and its convolution are one transposed convolution, of 4 x 4.
        total += before * channels * 16 * small + 9 * channels**2 * big
    return 2 * total


def multiplication_rate(size: int = 2048, runs: int = 7) -> float:
    """Operations per second of the engine's float32 matrix product here: the best of several runs."""
    from core.nn import engine

    matrix = np.random.default_rng(0).standard_normal((size, size), np.float32)
    multiply = engine.compile(
        lambda ops, weights, x: ops.matmul(x, weights["matrix"]), {"matrix": matrix}, [(size, size)]
    )
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        multiply(matrix)
        seconds.append(time.perf_counter() - begun)
    return float(2 * size**3 / np.min(seconds))


def reading_rate(megabytes: int = 512, runs: int = 5) -> float:
    """Bytes per second that this process's threads read from memory together: the best of several runs."""
    from core.nn.engine import thread_count

    data = np.ones(megabytes << 17, np.uint64)
    seconds = []
    for _ in range(runs):
        threads = [threading.Thread(target=part.sum) for part in np.array_split(data, thread_count())]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds.append(time.perf_counter() - begun)
    return float(data.nbytes / np.min(seconds))
