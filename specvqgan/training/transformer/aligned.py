"""First weights of a transformer that know which moment of the film and which column of codes are at the same time.

The network is the same; only where training begins is another place. A transformer whose positions begin at random has
to find out from examples that the third second of the film belongs to the third second of the sound, which takes more
clips than a small dataset has. Here positions begin as waves of their time (Vaswani et al. 2017), the same for moments
and codes, and two heads of the first layers begin by looking where these agree: one at moments, one anywhere.
"""

import numpy as np

from specvqgan.transformer.config import TransformerConfig
from specvqgan.transformer.weights import POSITIONS, TOKENS, embedders

# Layers whose first two heads look at their own time, how strongly, and how much more at moments.
_LAYERS, _GAIN, _MOMENTS = 2, 1.2, 2.7
# Of waves, of what tells moments from codes and rows from each other, and of codes.
_WAVE, _KIND, _ROW, _CODE = 0.25, 0.3, 0.1, 0.15
# What is left of features, in deviations, and the least deviation that counts.
_FEATURES, _LEAST = 0.35, 0.03


def align(
    arrays: dict[str, np.ndarray], config: TransformerConfig, rng: np.random.Generator, features: np.ndarray
) -> dict[str, np.ndarray]:
    """First weights with aligned times, to which all numbers of the features say as much.

    Args:
        arrays: random ones, of `weights.initial`.
        config: of a network that takes features.
        rng: draws what tells rows from each other.
        features: of many moments, [n, feature_depth].
    """
    found = {name: value.copy() for name, value in arrays.items()}
    # The first dimensions are the waves, the next one tells moments from codes.
    waves = (config.head_size - 1) // 2 * 2
    found[POSITIONS][0, : config.needed] = _positions(config, waves, rng)
    found[TOKENS] *= _CODE / found[TOKENS].std()
    found[TOKENS][:, : waves + 1] = 0
    if config.embedding != "none":
        _even(found, embedders(config)[0], features)
        for part in ("weight", "bias"):
            found[f"{embedders(config)[0]}.{part}"][: waves + 1] = 0
    for layer in range(min(_LAYERS, config.layers)):
        for head in range(min(2, config.heads)):
            _look_at_own_time(found, f"blocks.{layer}.attn", head * config.head_size, waves, at_moments=head == 0)
    return found


def _even(found: dict[str, np.ndarray], stem: str, features: np.ndarray) -> None:
    """Let each number of the features count as much as the others, however little it varies."""
    weight = found[f"{stem}.weight"]
    flat = weight.reshape(len(weight), -1) * (_FEATURES / np.maximum(features.std(0), _LEAST))
    found[f"{stem}.weight"] = flat.reshape(weight.shape).astype(np.float32)
    found[f"{stem}.bias"] = (-flat @ features.mean(0)).astype(np.float32)


def _look_at_own_time(found: dict[str, np.ndarray], name: str, first: int, waves: int, *, at_moments: bool) -> None:
    """Let the head whose rows begin at `first` look where the waves are like its own."""
    for part in ("query", "key"):
        weight = found[f"{name}.{part}.weight"]
        weight[first : first + waves + 1] = 0
        weight[first : first + waves, :waves] = _GAIN * np.eye(waves)
    if at_moments:
        found[f"{name}.key.weight"][first + waves, waves] = _MOMENTS
        found[f"{name}.query.bias"][first + waves] = _MOMENTS


def _positions(config: TransformerConfig, waves: int, rng: np.random.Generator) -> np.ndarray:
    """Vectors of the positions [needed, width]."""
    times, rows = places(config)
    pairs = waves // 2
    # From a wave as long as the window to one of two columns.
    cycles = 0.5 * (2.0 / config.columns) ** (np.arange(pairs) / max(1, pairs - 1))
    angle = 2 * np.pi * times[:, None] * cycles
    kinds = (_ROW * rng.standard_normal((config.rows + 2, config.width))).astype(np.float32)
    found = kinds[rows]
    found[:, :pairs], found[:, pairs:waves] = _WAVE * np.sin(angle), _WAVE * np.cos(angle)
    found[:, waves] = np.where(rows == config.rows, _KIND, -_KIND)
    return found


def places(config: TransformerConfig) -> tuple[np.ndarray, np.ndarray]:
    """The time of each position, in columns, and its row: of the code that comes next; two more for the condition."""
    moments = (np.arange(config.frames) + 0.5) * config.columns / max(1, config.frames)
    codes = np.arange(config.window + 1)
    nexts = np.minimum(codes // config.rows, config.columns - 1) + 0.5
    times = np.concatenate([moments, nexts]) if config.classes else np.concatenate([moments, nexts[1:]])
    kinds = [np.full(config.frames, config.rows), np.full(int(config.classes > 0), config.rows + 1)]
    rows = np.concatenate([*kinds, codes[1:] % config.rows])
    return times, rows
