"""The arrays of a generator: their names and shapes, checked; and random ones, as training begins."""

from collections.abc import Mapping

import numpy as np

from core import checks
from renderer.cips.config import CipsConfig

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
# The average w of each class, or the one average [1, w_size].
AVERAGES = "mapping.averages"
# The mapping's first matrix, [z_size + num_classes, w_size].
FIRST = "mapping.fc0.weight"
# What is drawn at random once, and never learned.
FREQUENCIES = ("warp.frequencies", "frequencies")
# Periods of the waves across the picture, from and to. Those of the warp are long: it is smooth.
_PERIODS = {"warp.frequencies": (0.3, 2.0), "frequencies": (0.4, 16.0)}
# Spread of a weight's product with what it multiplies, at first.
_KEPT, _COLORS, _SHIFTS, _SCALES = 1.4, 0.3, 0.5, 0.25
_ZERO = ("warp.affine.weight", "warp.fc1.weight")


def expected(config: CipsConfig) -> dict[str, Shape]:
    """The shape of every array by name."""
    w, width = config.w_size, config.warp_width
    found: dict[str, Shape] = {AVERAGES: (max(1, config.num_classes), w)}
    for number, (before, after) in enumerate(config.mapping_sizes):
        found |= {f"mapping.fc{number}.weight": (before, after), f"mapping.fc{number}.bias": (after,)}
    found |= {
        "warp.frequencies": (2, config.warp_waves),
        "warp.affine.weight": (w, 6),
        "warp.fc0.scale": (w, 2 * config.warp_waves),
        "warp.fc0.weight": (2 * config.warp_waves, width),
        "warp.fc0.shift": (w, width),
        "warp.fc0.bias": (width,),
        "warp.fc1.scale": (w, width),
        "warp.fc1.weight": (width, 2),
        "frequencies": (2, config.waves),
    }
    for name, before in config.layers:
        found |= {
            f"{name}.weight": (before, config.width),
            f"{name}.rows": (w, before * config.rank),
            f"{name}.columns": (w, config.rank * config.width),
            f"{name}.shift": (w, config.width),
            f"{name}.bias": (config.width,),
        }
    return found | {"rgb.scale": (w, config.width), "rgb.weight": (config.width, 3), "rgb.bias": (3,)}


def complete(arrays: Mapping[str, np.ndarray], config: CipsConfig) -> Arrays:
    """The arrays of `expected`, float32, from those of a file.

    Raises:
        ValueError: one is missing, has another shape, or contains a value that is not finite.
    """
    found = {}
    for name, shape in expected(config).items():
        if name not in arrays:
            raise ValueError(f"{name} is missing")
        if arrays[name].dtype.kind not in "fiu":
            raise checks.mismatch(name, "be an array of numbers", arrays[name].dtype)
        found[name] = checks.finite(name, checks.shape(name, np.asarray(arrays[name], np.float32), shape))
    return found


def initial(config: CipsConfig, rng: np.random.Generator) -> Arrays:
    """Random weights, as training begins: nothing is moved yet, and w changes little."""
    found = {}
    for name, shape in expected(config).items():
        kind = name.rpartition(".")[2]
        if name in FREQUENCIES:
            found[name] = _frequencies(rng, shape[1], *_PERIODS[name])
        elif kind == "bias" or name in _ZERO or name == AVERAGES:
            found[name] = np.zeros(shape, np.float32)
        else:
            spread = {"weight": _KEPT, "shift": _SHIFTS}.get(kind, _SCALES)
            spread = _COLORS if name == "rgb.weight" else spread
            found[name] = (rng.standard_normal(shape) * spread / np.sqrt(shape[0])).astype(np.float32)
    return found


def spread(first: np.ndarray, factors: int, z_size: int) -> np.ndarray:
    """`FIRST` of a network that takes factors -> of one that takes latents with these factors; see `gathered`.

    Factor k is the sum over a group of latent values divided by the root of the group's size, as
    `renderer.training.batches.with_factors` has it, so the two networks say the same.
    """
    width = z_size // factors
    rows = np.repeat(first[:factors] / np.sqrt(width), width, axis=0)
    rest = np.zeros((z_size - len(rows), first.shape[1]), np.float32)
    return np.concatenate([rows, rest, first[factors:]]).astype(np.float32)


def gathered(first: np.ndarray, factors: int, z_size: int) -> np.ndarray:
    """The inverse of `spread`."""
    width = z_size // factors
    rows = first[: factors * width].reshape(factors, width, -1).mean(axis=1) * np.sqrt(width)
    return np.concatenate([rows, first[z_size:]]).astype(np.float32)


def learned(config: CipsConfig) -> list[str]:
    """Names of the arrays that training changes."""
    return [name for name in expected(config) if name not in (*FREQUENCIES, AVERAGES)]


def _frequencies(rng: np.random.Generator, count: int, low: float, high: float) -> np.ndarray:
    """Plane waves in all directions, in periods for each unit of a place (a picture has two): float32 [2, count]."""
    angle, periods = rng.uniform(0, 2 * np.pi, count), np.exp(rng.uniform(np.log(low), np.log(high), count))
    return (periods / 2 * np.stack([np.cos(angle), np.sin(angle)])).astype(np.float32)
