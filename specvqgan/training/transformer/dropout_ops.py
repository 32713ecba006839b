"""The operations of keras.ops with dropout: of attention, and of the hidden values of dense layers."""

from typing import Any

from keras import ops as keras_ops

from core.nn.stateless_random import StatelessRandom
from core.training.trees import Tensor


class DropoutOps:
    """`keras.ops`, whose `softmax` and `gelu` leave out a share of what they give, as training does."""

    def __init__(self, random: StatelessRandom, rate: float) -> None:
        self._random, self._rate = random, rate

    def __getattr__(self, name: str) -> Any:
        return getattr(keras_ops, name)

    def softmax(self, x: Tensor, axis: int = -1) -> Tensor:
        """Softmax with dropout."""
        return self.dropped(keras_ops.softmax(x, axis=axis))

    def gelu(self, x: Tensor, approximate: bool = True) -> Tensor:
        """GELU with dropout."""
        return self.dropped(keras_ops.gelu(x, approximate=approximate))

    def dropped(self, x: Tensor) -> Tensor:
        """A tensor with a share of its values 0, the others enlarged so that the mean stays."""
        if not self._rate:
            return x
        kept = keras_ops.cast(self._random.uniform(x.shape) >= self._rate, x.dtype)
        return x * kept / (1.0 - self._rate)
