"""Run a transformer step by step: what earlier places computed is kept, and each new place is computed once.

One graph takes any number of new places after any number of old ones, so the weights are in memory once. The numbers
are rounded up to multiples, so that the graph sees few sizes and memory does not grow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.nn import numpy_ops
from core.nn.ops import Ops, Tensor
from core.nn.step_engine import Step
from specvqgan.transformer import network
from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.weights import POSITIONS, TOKENS

# New places come one at a time, or in multiples of _NEW, at most _MOST at once; room for old ones in multiples of _OLD.
_NEW, _MOST, _OLD = 8, 136, 128
# Inputs of the graph before the caches.
_X, _MASK, _PAST_MASK, _CACHES = 0, 1, 2, 3


@dataclass(frozen=True)
class Computed:
    """What is known of new places.

    Attributes:
        logits: [n, t, codes], how likely each code is next.
        attention: of the last layer, [n, heads, t, places so far and t]: how much each place looked at which.
    """

    logits: np.ndarray
    attention: np.ndarray


class DecoderGraph:
    """The compiled step, shared by all decoders of a transformer."""

    def __init__(self, config: TransformerConfig, weights: Mapping[str, Any], engine: str, precision: str) -> None:
        self._config = config
        heads, size = config.heads, config.head_size
        caches = [(-1, heads, -1, size)] * (2 * config.layers)
        shapes = [(-1, -1, config.width), (-1, -1), (1, 1, 1, -1), *caches]
        self._step = Step(self._network, weights, shapes, engine=engine, precision=precision)

    def start(self) -> Any:
        """What runs it, with inputs and outputs of its own."""
        return self._step.start()

    def _network(self, ops: Ops, weights: Any, x: Tensor, mask: Tensor, past_mask: Tensor, *caches: Tensor) -> Any:
        pairs = zip(caches[::2], caches[1::2], strict=True)
        past = tuple(network.Past(keys, values, past_mask) for keys, values in pairs)
        found = network.blocks(ops, weights, self._config, x, mask, past)
        both = [each for pair in zip(found.keys, found.values, strict=True) for each in pair]
        return network.head(ops, weights, found.x), ops.stack(both, axis=0), found.attention


class Decoder:
    """The state of some sequences, `count` of them side by side. Belongs to one thread at a time."""

    def __init__(
        self, graph: DecoderGraph, config: TransformerConfig, weights: Mapping[str, np.ndarray], count: int
    ) -> None:
        self._config, self._weights = config, weights
        self._run = graph.start()
        self._count = count
        self.length = 0
        self._room, self._cache = _OLD, self._cache_of(_OLD)
        self._keep()

    def condition(self, features: np.ndarray | None, classes: np.ndarray | None) -> Computed:
        """Begin with a condition: [n, frames, feature_depth], whole numbers [n]; see `network.condition`."""
        self.length = 0
        found = network.condition(numpy_ops, self._weights, self._config, features, classes)
        return self._feed(np.concatenate(found, axis=1))

    def feed(self, tokens: np.ndarray) -> Computed:
        """Go on with codes, whole numbers [n, t]."""
        return self._feed(self._weights[TOKENS][tokens])

    def rewind(self, length: int) -> None:
        """Forget all places but the first ones."""
        self.length = min(self.length, length)

    def _feed(self, vectors: np.ndarray) -> Computed:
        places = slice(self.length, self.length + vectors.shape[1])
        x = vectors + self._weights[POSITIONS][:, places]
        return _joined([self._at_once(x[:, first : first + _MOST]) for first in range(0, x.shape[1], _MOST)])

    def _at_once(self, x: np.ndarray) -> Computed:
        new, old = x.shape[1], self.length
        padded = new if new == 1 else -(-new // _NEW) * _NEW
        x = x if padded == new else np.pad(x, ((0, 0), (0, padded - new), (0, 0)))
        mask = np.where(np.arange(self._room) < old, np.float32(0), np.float32(network.HIDDEN))
        inputs = {_X: x, _MASK: network.causal_mask(padded), _PAST_MASK: mask[None, None, None]}
        logits, both, attention = self._run(inputs)
        if old + new > self._room:
            self._grow(-(-(old + new) // _OLD) * _OLD)
        self._cache[:, :, :, old : old + new] = both[:, :, :, :new]
        self.length = old + new
        seen = np.concatenate([attention[:, :, :new, :old], attention[:, :, :new, -padded:][..., :new]], axis=-1)
        return Computed(logits[:, :new].copy(), seen)

    def _grow(self, room: int) -> None:
        """Make room for so many places, and keep those that there are."""
        before, self._room, self._cache = self._cache, room, self._cache_of(room)
        self._cache[:, :, :, : self.length] = before[:, :, :, : self.length]
        self._keep()

    def _cache_of(self, room: int) -> np.ndarray:
        """Keys and values of each layer in turn: [2 * layers, n, heads, room, head_size]."""
        config = self._config
        return np.zeros((2 * config.layers, self._count, config.heads, room, config.head_size), np.float32)

    def _keep(self) -> None:
        for place, cache in enumerate(self._cache):
            self._run.keep(_CACHES + place, cache)


def _joined(parts: list[Computed]) -> Computed:
    """Places computed in several parts; later ones have seen more."""
    if len(parts) == 1:
        return parts[0]
    most = parts[-1].attention.shape[-1]
    rows = [np.pad(part.attention, ((0, 0),) * 3 + ((0, most - part.attention.shape[-1]),)) for part in parts]
    return Computed(np.concatenate([part.logits for part in parts], axis=1), np.concatenate(rows, axis=2))
