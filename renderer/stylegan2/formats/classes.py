"""A generator that keeps some of its classes, each with the average w to which truncation leads."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.nn import numpy_ops
from renderer.stylegan2 import network
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.weights import AVERAGE, CLASS_AVERAGES, Arrays

_EMBEDDING = "mapping.embed.weight"
_AVERAGED, _AT_ONCE = 4096, 512


def keep(
    config: StyleGan2Config, arrays: Arrays, names: Sequence[str], kept: Sequence[str]
) -> tuple[StyleGan2Config, Arrays]:
    """Remove all classes but some, whose images remain as they are, and find the average w of each of these.

    Args:
        config: of the generator.
        arrays: of `weights.complete`.
        names: of its classes.
        kept: some of these names, in the new order.

    Raises:
        ValueError: there is no such class, or one is named twice.
    """
    if len(set(kept)) < len(kept):
        raise ValueError(f"classes must be named once each, not {', '.join(kept)}")
    if unknown := [name for name in kept if name not in names]:
        raise ValueError(f"there is no class {unknown[0]!r}; there are {', '.join(names) or 'none'}")
    rows = [list(names).index(name) for name in kept]
    key = _EMBEDDING if config.labels == "embed" else network.LABELS
    # The gain of an embedding depends on the number of its rows; see `network.gain_of`.
    gain = math.sqrt(len(kept) / config.num_classes) if key == _EMBEDDING else 1.0
    config = replace(config, num_classes=len(kept))
    arrays = {**arrays, key: (arrays[key][rows] * np.float32(gain))}
    arrays[CLASS_AVERAGES] = np.stack([average(config, arrays, one) for one in np.eye(len(kept), dtype=np.float32)])
    arrays[AVERAGE] = arrays[CLASS_AVERAGES].mean(axis=0)
    return config, arrays


def average(config: StyleGan2Config, arrays: Arrays, label: np.ndarray) -> np.ndarray:
    """The mean of many w of one label [num_classes], float32 [w_size]; the same each time."""
    ready: dict[str, Any] = network.prepare(numpy_ops, arrays, config)
    rng, total = np.random.default_rng(0), np.zeros(config.w_size)
    labels = np.repeat(np.asarray(label, np.float32)[None], _AT_ONCE, axis=0)
    for _ in range(_AVERAGED // _AT_ONCE):
        z = rng.standard_normal((_AT_ONCE, config.z_size)).astype(np.float32)
        total += network.mapping(numpy_ops, ready, z, labels, config).mean(axis=0)
    return (total / (_AVERAGED // _AT_ONCE)).astype(np.float32)
