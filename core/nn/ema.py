"""Exponential moving averages of dicts of arrays."""

from collections.abc import Mapping
from typing import Any

from keras import ops

Tensor = Any


def update(average: Mapping[str, Tensor], values: Mapping[str, Tensor], decay: Tensor) -> dict[str, Tensor]:
    """Move averages one step towards values.

    Args:
        average: holds at least the names of `values`.
        values: the newest ones.
        decay: 0..1, how much of the average stays.

    Returns:
        The new averages of the names in `values`.
    """
    return {name: decay * average[name] + (1.0 - decay) * value for name, value in values.items()}


def growing_decay(steps: Tensor, limit: float) -> Tensor:
    """The decay after some steps: 2 / 11 after the first one, rising to `limit`, so that the average starts quickly."""
    return ops.minimum(limit, (1.0 + steps) / (10.0 + steps))
