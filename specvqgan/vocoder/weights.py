"""The arrays of a MelGAN: names and shapes, checked; weight normalisation; random ones, as training begins.

Names are the original's: NAME.weight_v (direction), NAME.weight_g (length) and NAME.bias. A kernel is g * v / |v|, with
a length for each index of torch's first axis: outputs, but inputs of a transposed convolution.

| | torch's layout | ours, as in keras.ops |
|---|---|---|
| convolution | [out, in, size] | [1, size, in, out] |
| transposed convolution | [in, out, size] | [1, size, out, in] |

So the axis of the lengths is the last one in both of ours.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from core.nn.ops import Ops, Tensor
from specvqgan import file_values
from specvqgan.vocoder import network
from specvqgan.vocoder.config import VocoderConfig

Arrays = dict[str, np.ndarray]
LENGTH, DIRECTION, BIAS = "weight_g", "weight_v", "bias"


def from_original(arrays: Mapping[str, np.ndarray], config: VocoderConfig) -> Arrays:
    """Lengths, directions and biases in our layout, float32, from those of a file.

    Raises:
        ValueError: one is missing, has another shape, or contains a value that is not finite.
    """
    return complete(arrays, {name: shape for name, shape, _ in _kernels(config)}, _biases(config))


def complete(
    arrays: Mapping[str, np.ndarray], kernels: Mapping[str, tuple[int, ...]], biases: Mapping[str, int]
) -> Arrays:
    """Lengths, directions and biases in our layout, from those of a file; `kernels` are our shapes by name.

    Raises:
        ValueError: as `from_original`.
    """
    found = {}
    for name, (_, size, second, first) in kernels.items():
        shapes = {LENGTH: (first, 1, 1), DIRECTION: (first, second, size), BIAS: (biases[name],)}
        for part, shape in shapes.items():
            found[f"{name}.{part}"] = laid_out(part, file_values.array(arrays, f"{name}.{part}", shape))
    return found


def laid_out(part: str, array: np.ndarray) -> np.ndarray:
    """An array of torch's in our layout."""
    if part == LENGTH:
        return array.reshape(-1)
    return np.ascontiguousarray(array.transpose(2, 1, 0)[None]) if part == DIRECTION else array


def to_original(arrays: Mapping[str, Any]) -> Arrays:
    """Arrays of ours in torch's layout, as files have them."""
    found = {}
    for name, value in arrays.items():
        array, part = np.asarray(value), name.rpartition(".")[2]
        if part == LENGTH:
            array = array.reshape(-1, 1, 1)
        found[name] = np.ascontiguousarray(array[0].transpose(2, 1, 0)) if part == DIRECTION else array
    return found


def folded(ops: Ops, arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """Kernels and biases from lengths, directions and biases; gradients pass through it."""
    found = {}
    for name, value in arrays.items():
        stem, _, part = name.rpartition(".")
        if part == DIRECTION:
            length = ops.sqrt(ops.sum(ops.square(value), axis=(0, 1, 2), keepdims=True))
            found[f"{stem}.weight"] = value * (arrays[f"{stem}.{LENGTH}"] / length)
        elif part == BIAS:
            found[name] = value
    return found


def initial(config: VocoderConfig, rng: np.random.Generator) -> Arrays:
    """Random weights, as the original begins: kernels from a normal distribution of deviation 0.02, biases uniform."""
    return normal(_kernels(config), _biases(config), rng)


def normal(
    kernels: Iterable[tuple[str, tuple[int, ...], int]], biases: Mapping[str, int], rng: np.random.Generator
) -> Arrays:
    """Random lengths, directions and biases: of each kernel the name, our shape, and how many inputs an output has."""
    found = {}
    for name, shape, inputs in kernels:
        direction = (0.02 * rng.standard_normal(shape)).astype(np.float32)
        bound = 1.0 / math.sqrt(inputs)
        found[f"{name}.{DIRECTION}"] = direction
        found[f"{name}.{LENGTH}"] = np.sqrt(np.square(direction).sum(axis=(0, 1, 2)))
        found[f"{name}.{BIAS}"] = rng.uniform(-bound, bound, biases[name]).astype(np.float32)
    return found


def _kernels(config: VocoderConfig) -> list[tuple[str, tuple[int, ...], int]]:
    """Name, our shape, and how many inputs torch counts for an output, of all kernels."""
    found: list[tuple[str, tuple[int, ...], int]] = []
    for name, turned, size, before, after in network.convolutions(config):
        shape = (1, size, after, before) if turned else (1, size, before, after)
        found.append((name, shape, size * shape[2]))
    return found


def _biases(config: VocoderConfig) -> dict[str, int]:
    return {name: after for name, _, _, _, after in network.convolutions(config)}
