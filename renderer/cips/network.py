"""A generator that computes each pixel by itself, as pure functions of a dict of arrays, for playing and for training.

Sources: Anokhin et al. 2021, Image Generators with Conditionally-Independent Pixel Synthesis (CIPS): a mapping, waves
at each place, dense layers that w modulates; no pixel sees another one. Skorokhodov et al. 2021, Adversarial Generation
of Continuous Images: w multiplies each value of a matrix, by a product of low rank.

Ours is the warp: w moves the places before the waves are computed there, by an affine map and a smooth displacement.
What turns, zooms or bends a whole picture is then learned once, for everything in it. And the waves are parabolas: a
sine takes longer than a layer.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from core.nn import products
from core.nn.ops import Ops, Tensor
from renderer.cips.config import CipsConfig

Weights = Mapping[str, Tensor]
# Changes, or keeps, what leaves a layer: (name, tensor) -> tensor.
Hook = Callable[[str, Tensor], Tensor]

# What a hook is given first and last.
PLACES, FRAMES = "places", "rgb"
# How far a displacement, or the affine map, moves a place for a value of 1: a slower rate for both.
_REACH = 0.1
_SLOPE = 0.2


def same(name: str, x: Tensor) -> Tensor:
    """The hook that changes nothing."""
    return x


def grid(size: int) -> np.ndarray:
    """The middles of all pixels, row by row: x and y in -1..1, float32 [size * size, 2]."""
    edge = ((np.arange(size, dtype=np.float32) + 0.5) / size) * 2 - 1
    return np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)


def mapping(ops: Ops, weights: Weights, z: Tensor, labels: Tensor | None, config: CipsConfig) -> Tensor:
    """Mapped latents [n, w_size] of z [n, z_size] and one-hot labels [n, num_classes]; None where there are none."""
    x = z if labels is None else ops.concatenate([z, labels], axis=-1)
    for number in range(config.mapping_layers):
        x = _rectified(ops, _dense(ops, weights, x, f"mapping.fc{number}"))
    return x


def mixed(ops: Ops, weights: Weights, z: Tensor, shares: Tensor, config: CipsConfig) -> Tensor:
    """Mapped latents [n, w_size] of z [n, z_size], mixed of those of the classes by their shares [n, num_classes].

    A mapping was never given half of a label: what it makes of one may be no picture.
    """
    first = weights["mapping.fc0.weight"]
    x = products.multiply(ops, z, first[: config.z_size])[:, None] + first[config.z_size :][None]
    x = _rectified(ops, x + weights["mapping.fc0.bias"])
    for number in range(1, config.mapping_layers):
        x = _rectified(ops, _dense(ops, weights, x, f"mapping.fc{number}"))
    return ops.sum(x * shares[:, :, None], axis=1)


def displacements(ops: Ops, weights: Weights, w: Tensor, at: Tensor) -> Tensor:
    """By how much w [n, w_size] moves each of the places `at` [n or 1, k, 2], smoothly: [n, k, 2]."""
    x = waves(ops, weights["warp.frequencies"], at)
    x = products.multiply(ops, x * _scale(ops, weights, w, "warp.fc0"), weights["warp.fc0.weight"])
    x = _rectified(ops, x + _shift(ops, weights, w, "warp.fc0"))
    return products.multiply(ops, x * _scale(ops, weights, w, "warp.fc1"), weights["warp.fc1.weight"]) * _REACH


def moved(ops: Ops, weights: Weights, w: Tensor, at: Tensor, displaced: Tensor) -> Tensor:
    """The places [n, k, 2] that the layers see, of pixels `at` [n or 1, k, 2] and their displacements [n, k, 2]."""
    affine = products.multiply(ops, w, weights["warp.affine.weight"])[:, None] * _REACH
    x, y = at[:, :, :1], at[:, :, 1:]
    across = affine[:, :, 0:1] * x + affine[:, :, 1:2] * y + affine[:, :, 2:3]
    down = affine[:, :, 3:4] * x + affine[:, :, 4:5] * y + affine[:, :, 5:6]
    return at + displaced + ops.concatenate([across, down], axis=-1)


def colors(ops: Ops, weights: Weights, w: Tensor, places: Tensor, config: CipsConfig, hook: Hook = same) -> Tensor:
    """Colours [n, k, 3], nominally in -1..1, of moved places [n, k, 2].

    Args:
        ops: what computes it.
        weights: of `weights.expected`.
        w: [n, w_size].
        places: from `moved`.
        config: gives the shape.
        hook: is given the places and what leaves each layer, by name, and gives what goes on; the colours are "rgb".
    """
    x = waves(ops, weights["frequencies"], hook(PLACES, places))
    for name, before in config.layers:
        rows = ops.reshape(products.multiply(ops, w, weights[f"{name}.rows"]), (-1, before, config.rank))
        columns = ops.reshape(products.multiply(ops, w, weights[f"{name}.columns"]), (-1, config.rank, config.width))
        factors = ops.matmul(rows, columns) / math.sqrt(config.rank) + 1.0
        x = ops.matmul(x, factors * weights[f"{name}.weight"])
        x = hook(name, _rectified(ops, x + _shift(ops, weights, w, name)))
    x = products.multiply(ops, x * _scale(ops, weights, w, "rgb"), weights["rgb.weight"])
    return hook(FRAMES, x + weights["rgb.bias"])


def waves(ops: Ops, frequencies: Tensor, at: Tensor) -> Tensor:
    """Plane waves at places [n, k, 2], as sine and cosine: [n, k, 2 * waves]; frequencies [2, waves] in periods."""
    turns = ops.matmul(at, frequencies)
    return ops.concatenate([_wave(ops, turns), _wave(ops, turns + 0.25)], axis=-1)


def _wave(ops: Ops, turns: Tensor) -> Tensor:
    """Two parabolas that meet as a sine does, from -1 to 1 and with its zeros: at most 0.06 away from it."""
    turns = turns - ops.floor(turns + 0.5)
    return turns * (8.0 - 16.0 * ops.absolute(turns))


def _scale(ops: Ops, weights: Weights, w: Tensor, name: str) -> Tensor:
    """What w multiplies the values before a layer by: [n, 1, values]."""
    return (products.multiply(ops, w, weights[f"{name}.scale"]) + 1.0)[:, None]


def _shift(ops: Ops, weights: Weights, w: Tensor, name: str) -> Tensor:
    """What w adds to the values of a layer: [n, 1, values]."""
    return (products.multiply(ops, w, weights[f"{name}.shift"]) + weights[f"{name}.bias"])[:, None]


def _dense(ops: Ops, weights: Weights, x: Tensor, name: str) -> Tensor:
    return products.multiply(ops, x, weights[f"{name}.weight"]) + weights[f"{name}.bias"]


def _rectified(ops: Ops, x: Tensor) -> Tensor:
    return ops.leaky_relu(x, _SLOPE)
