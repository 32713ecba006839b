"""Complete and check the weights of a file, and fold spectral norm in.

Spectral norm (Miyato et al. 2018) divides a kernel by its largest singular value, which training follows with two
vectors: u^T W v. As the weights no longer change, that is done once.
"""

from collections.abc import Mapping

import numpy as np

from core import checks
from renderer.biggan.config import Attention, BigGANConfig, Block

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
COLORS = 3


def expected(config: BigGANConfig) -> dict[str, Shape]:
    """The shape of every array, under its name in torch's state dict, spectral norm folded in."""
    found: dict[str, Shape] = {
        "embeddings.weight": (config.embed_size, config.num_classes),
        "generator.gen_z.weight": (config.first_values, config.cond_size),
        "generator.gen_z.bias": (config.first_values,),
        "generator.bn.weight": (config.channel_width,),
        "generator.bn.bias": (config.channel_width,),
        "generator.conv_to_rgb.weight": (COLORS, config.channel_width, 3, 3),
        "generator.conv_to_rgb.bias": (COLORS,),
    }
    for part in config.parts:
        found |= _block(part) if isinstance(part, Block) else _attention(part)
    for name, channels in config.norms:
        found |= {f"{name}.{kind}": (config.rows, channels) for kind in ("running_means", "running_vars")}
        if name != "generator.bn":
            found |= {f"{name}.{kind}.weight": (channels, config.cond_size) for kind in ("scale", "offset")}
    return found


def complete(arrays: Mapping[str, np.ndarray], config: BigGANConfig) -> Arrays:
    """The arrays of `expected`, float32, from those of a file, which may have NAME_orig, NAME_u and NAME_v for NAME.

    Raises:
        ValueError: one is missing, has another shape, or contains a value that is not finite.
    """
    found = {}
    for name, shape in expected(config).items():
        array = _folded(arrays, name)
        if name.startswith("generator.conv_to_rgb.") and array.shape == (config.channel_width, *shape[1:]):
            # The published generators compute as many colours as channels, and show three.
            array = array[:COLORS]
        found[name] = checks.finite(name, checks.shape(name, array, shape))
    for name, _ in config.norms:
        if found[f"{name}.running_vars"].min() < 0:
            raise ValueError(f"{name}.running_vars contains a variance below 0")
    return found


def _folded(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name in arrays:
        return _numbers(arrays, name)
    if f"{name}_orig" not in arrays:
        raise ValueError(f"{name} is missing")
    kernel, u, v = (_numbers(arrays, f"{name}_{kind}") for kind in ("orig", "u", "v"))
    matrix = kernel.reshape(len(kernel), -1) if kernel.ndim else kernel[None, None]
    if (u.size, v.size) != matrix.shape:
        rows, columns = matrix.shape
        raise ValueError(f"{name}_u and {name}_v must have {rows} and {columns} values, not {u.size} and {v.size}")
    largest = float(u.ravel() @ (matrix @ v.ravel()))
    if not largest or not np.isfinite(largest):
        raise ValueError(f"{name} cannot be divided by its spectral norm, which is {largest}")
    return kernel / np.float32(largest)


def _numbers(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise ValueError(f"{name} is missing")
    if arrays[name].dtype.kind not in "fiu":
        raise ValueError(f"{name} holds no numbers but {arrays[name].dtype}")
    return np.asarray(arrays[name], np.float32)


def _block(part: Block) -> dict[str, Shape]:
    channels = (part.before, part.inner, part.inner, part.inner, part.after)
    found: dict[str, Shape] = {}
    for number, edge in enumerate((1, 3, 3, 1)):
        found[f"{part.name}.conv_{number}.weight"] = (channels[number + 1], channels[number], edge, edge)
        found[f"{part.name}.conv_{number}.bias"] = (channels[number + 1],)
    return found


def _attention(part: Attention) -> dict[str, Shape]:
    whole, eighth, half = part.channels, part.channels // 8, part.channels // 2
    ways = {"theta": (eighth, whole), "phi": (eighth, whole), "g": (half, whole), "o_conv": (whole, half)}
    found: dict[str, Shape] = {f"{part.name}.snconv1x1_{way}.weight": (*ends, 1, 1) for way, ends in ways.items()}
    return found | {f"{part.name}.gamma": (1,)}
