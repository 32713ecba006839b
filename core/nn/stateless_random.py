"""Random tensors inside compiled steps: each follows from a key in the batch, so a resumed run draws them again.

The numbers differ between TensorFlow and JAX.
"""

from collections.abc import Sequence
from typing import Any

from core.nn.backend import is_jax

Tensor = Any


class StatelessRandom:
    """A source of random tensors: the n-th one drawn from it follows from the key, the purpose and n."""

    def __init__(self, key: Tensor, purpose: int) -> None:
        """Start a source.

        Args:
            key: uint32 [2], such as a batch has it.
            purpose: what the numbers are for, 0..99: each has numbers of its own.
        """
        self._key, self._purpose, self._drawn = key, purpose, 0

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Standard normal float32 of a shape."""
        return self._draw("normal", shape)

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Float32 in 0..1, without 1."""
        return self._draw("uniform", shape)

    def _draw(self, kind: str, shape: Sequence[int]) -> Tensor:
        self._drawn += 1
        which = self._purpose * 1000 + self._drawn
        if is_jax():
            import jax

            key = jax.random.fold_in(jax.random.wrap_key_data(self._key, impl="threefry2x32"), which)
            return getattr(jax.random, kind)(key, tuple(shape))
        import tensorflow as tf

        seed = tf.bitcast(self._key, tf.int32) + tf.constant([which, 0], tf.int32)
        return getattr(tf.random, f"stateless_{kind}")(tuple(shape), seed)
