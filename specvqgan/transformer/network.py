"""The transformer, defined once, over `core.nn.ops`: the whole sequence for training, or what follows a cache.

Source: Karpathy's minGPT, as SpecVQGAN uses it: layers are normalised first, GELU by the error function, learned
positions, a head without a bias. The condition comes before the codes: features, then the class.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.nn.normalization import layer_norm
from core.nn.ops import Ops, Tensor
from core.nn.products import dense
from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.weights import HEAD, POSITIONS, TOKENS, embedders

Weights = Mapping[str, Any]
# What is added to the score of a place that must not be seen.
HIDDEN = -1e30


@dataclass(frozen=True)
class Past:
    """What a layer has computed of the places before; see `blocks`.

    Attributes:
        keys: [n, heads, places, head_size].
        values: likewise.
        mask: [1, 1, 1, places]: 0, or HIDDEN for a place that is not used.
    """

    keys: Tensor
    values: Tensor
    mask: Tensor


@dataclass(frozen=True)
class Found:
    """What the blocks give.

    Attributes:
        x: [n, t, width], before the head.
        keys: of each layer, [n, heads, t, head_size].
        values: likewise.
        attention: of the last layer, [n, heads, t, places of its past, then t]; each row sums to 1.
    """

    x: Tensor
    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    attention: Tensor


def condition(
    ops: Ops, weights: Weights, config: TransformerConfig, features: Tensor | None, classes: Tensor | None
) -> list[Tensor]:
    """Vectors of the condition, [n, frames, width] and [n, 1, width], as far as it has them.

    Args:
        ops: what computes it.
        weights: see `weights.expected`.
        config: the transformer's.
        features: [n, frames, feature_depth]; None where it takes none.
        classes: whole numbers [n]; likewise.
    """
    found, (of_features, of_classes) = [], embedders(config)
    if config.frames:
        found.append(features if config.embedding == "none" else _embedded(ops, weights, of_features, features))
    if config.classes:
        found.append(ops.take(weights[f"{of_classes}.weight"], classes, axis=0)[:, None])
    return found


def sequence(
    ops: Ops,
    weights: Weights,
    config: TransformerConfig,
    tokens: Tensor,
    features: Tensor | None = None,
    classes: Tensor | None = None,
) -> Tensor:
    """What the first block takes, for a condition and codes: [n, condition + t, width]; see `logits`."""
    found = [*condition(ops, weights, config, features, classes), ops.take(weights[TOKENS], tokens, axis=0)]
    x = ops.concatenate(found, axis=1)
    return x + weights[POSITIONS][:, : x.shape[1]]


def logits(
    ops: Ops,
    weights: Weights,
    config: TransformerConfig,
    tokens: Tensor,
    features: Tensor | None = None,
    classes: Tensor | None = None,
) -> Tensor:
    """How likely each code is at each place, from the first code to the one after the last that is given.

    Args:
        ops: what computes it.
        weights: see `weights.expected`.
        config: the transformer's.
        tokens: whole numbers [n, t], column after column from the lowest row; t may be 0.
        features: [n, frames, feature_depth]; None where it takes none.
        classes: whole numbers [n]; likewise.

    Returns:
        [n, 1 + t, codes].
    """
    x = sequence(ops, weights, config, tokens, features, classes)
    found = blocks(ops, weights, config, x, causal_mask(x.shape[1]))
    return head(ops, weights, found.x[:, config.condition - 1 :])


def cross_entropy(
    ops: Ops,
    weights: Weights,
    config: TransformerConfig,
    tokens: Tensor,
    features: Tensor | None = None,
    classes: Tensor | None = None,
) -> Tensor:
    """Mean of -log(probability) of the codes [n, t], each by those before it and the condition; see `logits`."""
    scores = logits(ops, weights, config, tokens[:, :-1], features, classes)
    scores = scores - ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True))
    wanted = ops.take(np.eye(config.codes, dtype=np.float32), tokens, axis=0)
    return ops.mean(ops.log(ops.sum(ops.exp(scores), axis=-1)) - ops.sum(scores * wanted, axis=-1))


def causal_mask(places: int) -> np.ndarray:
    """What is added to the scores [places, places] so that none sees what comes after it."""
    return np.triu(np.full((places, places), HIDDEN, np.float32), 1)


def head(ops: Ops, weights: Weights, x: Tensor) -> Tensor:
    """Logits of what leaves the blocks: [n, t, width] -> [n, t, codes]."""
    return dense(ops, layer_norm(ops, x, weights["ln_f.weight"], weights["ln_f.bias"]), weights[HEAD])


def blocks(
    ops: Ops, weights: Weights, config: TransformerConfig, x: Tensor, mask: Tensor, past: tuple[Past, ...] = ()
) -> Found:
    """Run all blocks on [n, t, width], after the places of which `past` has keys and values for each layer.

    `mask` is added to the scores among the t places themselves, [t, t].
    """
    keys, values, attention = [], [], None
    for layer in range(config.layers):
        name, before = f"blocks.{layer}", past[layer] if past else None
        y = _normal(ops, weights, f"{name}.ln1", x)
        query, key, value = (
            _heads(ops, config, _linear(ops, weights, f"{name}.attn.{part}", y)) for part in ("query", "key", "value")
        )
        query = query * np.float32(1.0 / math.sqrt(config.head_size))
        y, attention = _attend(ops, query, key, value, mask, before)
        joined = ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (-1, x.shape[1], config.width))
        x = x + _linear(ops, weights, f"{name}.attn.proj", joined)
        y = _linear(ops, weights, f"{name}.mlp.0", _normal(ops, weights, f"{name}.ln2", x))
        x = x + _linear(ops, weights, f"{name}.mlp.2", ops.gelu(y, approximate=False))
        keys.append(key)
        values.append(value)
    return Found(x, tuple(keys), tuple(values), attention)


def _attend(
    ops: Ops, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, past: Past | None
) -> tuple[Tensor, Tensor]:
    """Attention among [n, heads, t, size], and to what was before: the mean of values, and the shares of each."""
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) + mask
    if past is None:
        shares = ops.softmax(scores, axis=-1)
        return ops.matmul(shares, value), shares
    # A softmax over both parts without copying what was before, which is long, beside what is new.
    old = ops.matmul(query, ops.transpose(past.keys, (0, 1, 3, 2))) + past.mask
    highest = ops.maximum(ops.max(scores, axis=-1, keepdims=True), ops.max(old, axis=-1, keepdims=True))
    scores, old = ops.exp(scores - highest), ops.exp(old - highest)
    total = ops.sum(scores, axis=-1, keepdims=True) + ops.sum(old, axis=-1, keepdims=True)
    mean = (ops.matmul(scores, value) + ops.matmul(old, past.values)) / total
    return mean, ops.concatenate([old, scores], axis=-1) / total


def _heads(ops: Ops, config: TransformerConfig, x: Tensor) -> Tensor:
    """[n, t, width] -> [n, heads, t, head_size]."""
    return ops.transpose(ops.reshape(x, (-1, x.shape[1], config.heads, config.head_size)), (0, 2, 1, 3))


def _embedded(ops: Ops, weights: Weights, name: str, features: Tensor) -> Tensor:
    matrix = weights[f"{name}.weight"]
    # A convolution of one frame has a third axis.
    matrix = matrix[:, :, 0] if len(matrix.shape) == 3 else matrix
    return dense(ops, features, matrix) + weights[f"{name}.bias"]


def _linear(ops: Ops, weights: Weights, name: str, x: Tensor) -> Tensor:
    return dense(ops, x, weights[f"{name}.weight"]) + weights[f"{name}.bias"]


def _normal(ops: Ops, weights: Weights, name: str, x: Tensor) -> Tensor:
    return layer_norm(ops, x, weights[f"{name}.weight"], weights[f"{name}.bias"])
