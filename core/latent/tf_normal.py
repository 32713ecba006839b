"""The normal values that TensorFlow draws for a seed, without TensorFlow: seeds of others keep their meaning.

What `tf.random.set_seed(seed); tf.random.normal((1, count))` gives on a CPU: the seed of the operation is the first
integer of Python's own generator; counters go through Philox (Salmon et al. 2011) and Box-Muller.
"""

import random

import numpy as np

from core import checks

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ROUNDS = 10


def tf_normal(seed: int, count: int) -> np.ndarray:
    """Standard normal values, float32 [count], within 2e-6 of TensorFlow's.

    Raises:
        ValueError: the seed is not in 0..2^63 - 1.
    """
    seed = checks.whole("seed", seed, 0, 2**63 - 1)
    operation = random.Random(seed).randint(0, 2**31 - 1)
    groups = np.arange(-(-count // 4), dtype=np.uint64)
    zeros = np.zeros_like(groups)
    words = _philox((seed & 0xFFFFFFFF, seed >> 32), [groups, zeros, zeros + np.uint64(operation), zeros])
    # 23 bits become a float in 1..2.
    uniform = ((words & np.uint32(0x7FFFFF)) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
    radius = np.sqrt(np.float32(-2) * np.log(np.maximum(uniform[:, 0::2], np.float32(1e-7))))
    angle = np.float32(2 * np.pi) * uniform[:, 1::2]
    return np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=-1).reshape(-1)[:count].astype(np.float32)


def _philox(key: tuple[int, int], counter: list[np.ndarray]) -> np.ndarray:
    """Philox4x32-10 of counters, four times uint64 [n]: uint32 [n, 4]."""
    first, second = key
    for _ in range(_ROUNDS):
        left, right = counter[0] * _MULTIPLIERS[0], counter[2] * _MULTIPLIERS[1]
        counter = [
            (right >> _HALF) ^ counter[1] ^ np.uint64(first),
            right & _LOW,
            (left >> _HALF) ^ counter[3] ^ np.uint64(second),
            left & _LOW,
        ]
        first, second = (first + _WEYL[0]) & 0xFFFFFFFF, (second + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([word.astype(np.uint32) for word in counter], axis=1)
