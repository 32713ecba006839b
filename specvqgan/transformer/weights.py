"""The arrays of a transformer: their names and shapes, checked; random ones, as training begins; ones of 8 bits.

Names are the original's without "transformer."; matrices are [out, in], as in torch, in training and playing too.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.nn.quantized import quantized
from specvqgan import file_values
from specvqgan.transformer.config import TransformerConfig

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
TOKENS, POSITIONS, HEAD = "tok_emb.weight", "pos_emb", "head.weight"
_ORIGINAL = "transformer."
# Deviation of random matrices, as the original begins.
_DEVIATION = 0.02


def embedders(config: TransformerConfig) -> tuple[str, str]:
    """The stems of the names of what embeds features, and classes."""
    return ("feat_embedder", "cls_embedder") if config.frames and config.classes else ("embedder", "embedder")


def expected(config: TransformerConfig) -> dict[str, Shape]:
    """The shape of every array by name."""
    width = config.width
    found: dict[str, Shape] = {
        TOKENS: (config.codes, width),
        POSITIONS: (1, config.positions or config.needed, width),
        HEAD: (config.codes, width),
        **_norm("ln_f", width),
    }
    features, classes = embedders(config)
    if config.frames and config.embedding != "none":
        kernel = (1,) if config.embedding == "conv" else ()
        found |= {f"{features}.weight": (width, config.feature_depth, *kernel), f"{features}.bias": (width,)}
    if config.classes:
        found[f"{classes}.weight"] = (config.classes, width)
    for layer in range(config.layers):
        block = f"blocks.{layer}"
        found |= _norm(f"{block}.ln1", width) | _norm(f"{block}.ln2", width)
        for part in ("query", "key", "value", "proj"):
            found |= _dense(f"{block}.attn.{part}", width, width)
        found |= _dense(f"{block}.mlp.0", width, 4 * width) | _dense(f"{block}.mlp.2", 4 * width, width)
    return found


def from_original(arrays: Mapping[str, np.ndarray], config: TransformerConfig) -> Arrays:
    """The arrays of `expected`, float32, from those of a file, whose names may begin with "transformer.".

    Raises:
        ValueError: one is missing, has another shape, or contains a value that is not finite.
    """
    within = _ORIGINAL if _ORIGINAL + TOKENS in arrays else ""
    found = {}
    for name, shape in expected(config).items():
        found[name] = np.ascontiguousarray(file_values.array(arrays, within + name, shape))
    return found


def initial(config: TransformerConfig, rng: np.random.Generator) -> Arrays:
    """Random weights, as the original begins: normal of deviation 0.02; what embeds the condition, as torch does."""
    found = {}
    features, classes = embedders(config)
    for name, shape in expected(config).items():
        stem, _, kind = name.rpartition(".")
        if config.frames and stem == features:
            bound = 1.0 / math.sqrt(config.feature_depth)
            found[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
        elif config.classes and stem == classes:
            found[name] = rng.standard_normal(shape).astype(np.float32)
        elif len(shape) == 2:
            found[name] = (_DEVIATION * rng.standard_normal(shape)).astype(np.float32)
        else:
            found[name] = np.full(shape, float(kind == "weight"), np.float32)
    return found


def decayed(config: TransformerConfig) -> frozenset[str]:
    """Names of the matrices that AdamW's weight decay applies to: those of dense layers, in the blocks and the head."""
    names = expected(config)
    return frozenset(name for name in names if _is_matrix(name))


def of_8_bits(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The same arrays with the matrices of dense layers in 8 bits; they have nearly all of the numbers."""
    return {name: quantized(array) if _is_matrix(name) else array for name, array in arrays.items()}


def _is_matrix(name: str) -> bool:
    return name == HEAD or (name.startswith("blocks.") and name.endswith(".weight") and ".ln" not in name)


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _dense(name: str, before: int, after: int) -> dict[str, Shape]:
    return {f"{name}.weight": (after, before), f"{name}.bias": (after,)}
