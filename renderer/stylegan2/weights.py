"""The arrays of a generator: their names and shapes, checked; and random ones, as training begins.

Names are those of stylegan2-ada-pytorch without "synthesis.": "mapping.fc0.weight", "b8.conv0.affine.bias".
Layouts are those of keras.ops; see `network`. Values are as training changes them, without the gains.
"""

from collections.abc import Mapping

import numpy as np

from core import checks
from renderer.stylegan2.config import Layer, StyleGan2Config
from renderer.stylegan2.network import LABELS

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
AVERAGE, CONST = "mapping.w_avg", "b4.const"
# The average w of each class, which only our own files may have.
CLASS_AVERAGES = "mapping.w_avg_of_classes"


def expected(config: StyleGan2Config) -> dict[str, Shape]:
    """The shape of every array by name."""
    first = config.channels[0]
    found: dict[str, Shape] = {AVERAGE: (config.w_size,), CONST: (4, 4, first)}
    if config.num_classes and config.labels == "concat":
        found[LABELS] = (config.num_classes, config.z_size)
    elif config.num_classes:
        found |= _dense("mapping.embed", config.num_classes, config.label_size)
    for number, (before, after) in enumerate(config.mapping_sizes):
        found |= _dense(f"mapping.fc{number}", before, after)
    for layer in config.layers:
        found |= _layer(layer, config)
    return found | {f"{name}.weight": (1, 1, before, after) for name, before, after in config.shortcuts}


def complete(arrays: Mapping[str, np.ndarray], config: StyleGan2Config) -> Arrays:
    """The arrays of `expected`, float32, from those of a file; and `CLASS_AVERAGES`, if it has them.

    A strength of noise may be one number or [channels].

    Raises:
        ValueError: one is missing, has another shape, or contains a value that is not finite.
    """
    found, shapes = {}, expected(config)
    if config.num_classes and CLASS_AVERAGES in arrays:
        shapes[CLASS_AVERAGES] = (config.num_classes, config.w_size)
    for name, shape in shapes.items():
        if name not in arrays:
            raise ValueError(f"{name} is missing")
        array = arrays[name]
        if array.dtype.kind not in "fiu":
            raise checks.mismatch(name, "be an array of numbers", array.dtype)
        if name.endswith(".noise_strength") and array.ndim:
            shape = arrays[name.replace("noise_strength", "bias")].shape
        found[name] = checks.finite(name, checks.shape(name, np.asarray(array, np.float32), shape))
    return found


def initial(config: StyleGan2Config, rng: np.random.Generator) -> Arrays:
    """Random weights, as training begins: a unit normal distribution, styles of 1, everything else 0.

    The mapping's weights are divided by its learning rate, so that they have the same effect as the others'.
    """
    found = {}
    for name, shape in expected(config).items():
        kind = name.rpartition(".")[2]
        if kind in ("weight", "const", "noise_const"):
            scale = config.mapping_rate if name.startswith("mapping.fc") else 1.0
            found[name] = (rng.standard_normal(shape) / scale).astype(np.float32)
        else:
            found[name] = np.full(shape, 1.0 if name.endswith(".affine.bias") else 0.0, np.float32)
    return found


def _dense(name: str, before: int, after: int) -> dict[str, Shape]:
    return {f"{name}.weight": (before, after), f"{name}.bias": (after,)}


def _layer(layer: Layer, config: StyleGan2Config) -> dict[str, Shape]:
    found: dict[str, Shape] = {
        f"{layer.name}.weight": (layer.kernel, layer.kernel, layer.before, layer.after),
        f"{layer.name}.bias": (layer.after,),
        **_dense(f"{layer.name}.affine", config.w_size, layer.before),
    }
    if not layer.colors:
        found |= {f"{layer.name}.noise_strength": (), f"{layer.name}.noise_const": (layer.size, layer.size)}
    return found
