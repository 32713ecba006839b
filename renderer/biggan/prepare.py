"""Weights in the form in which `network` uses them, computed once."""

from collections.abc import Mapping

import numpy as np

from gansynth.upsample_conv import product_kernel
from renderer.biggan.config import Attention, Block, Config
from renderer.biggan.winograd import kernel_values

Arrays = dict[str, np.ndarray]
# Channels, and pixels of the map's edge, from which on fewer multiplications are worth two more passes over the map.
WIDE, LARGE = 128, 16


def prepare(arrays: Mapping[str, np.ndarray], config: Config) -> Arrays:
    """Weights out of those of `weights.complete`: convolutions [height, width, in, out], linear layers [in, out].

    All that depends on noise and class is one matrix, "conditions": the scales of all batch norms one after the other,
    their offsets, and the first map. Attention's three ways in are one matrix, and what it is worth is in its way out.
    """
    ready = {
        "embeddings": arrays["embeddings.weight"].T,
        "colors/kernel": product_kernel(arrays["generator.conv_to_rgb.weight"].transpose(2, 3, 1, 0)),
        "colors/bias": arrays["generator.conv_to_rgb.bias"],
    }
    ready |= _conditions(arrays, config)
    late = _late_biases(arrays, config)
    for part in config.parts:
        if isinstance(part, Attention):
            ready |= _attention(arrays, part, late[part.name])
        else:
            ready |= _block(arrays, part)
    return {name: np.ascontiguousarray(array) for name, array in ready.items()}


def tables(arrays: Mapping[str, np.ndarray], config: Config) -> Arrays:
    """The tables "means" and "deviations" [rows, values] of all batch norms, one after the other.

    A mean has the bias of the convolution before it taken off, so that nothing else needs to add it.
    """
    late, biases = _late_biases(arrays, config), []
    for part in config.parts:
        if isinstance(part, Block):
            biases += [late[part.name], *(arrays[f"{part.name}.conv_{number}.bias"] for number in range(3))]
    biases.append(late[""])
    names = [name for name, _ in config.norms]
    means = [arrays[f"{name}.running_means"] - bias for name, bias in zip(names, biases, strict=True)]
    variances = np.concatenate([arrays[f"{name}.running_vars"] for name in names], axis=1)
    return {"means": np.concatenate(means, axis=1), "deviations": np.sqrt(variances + np.float32(config.epsilon))}


def lacking(arrays: Mapping[str, np.ndarray], config: Config) -> Arrays:
    """What each layer of `Config.layer_shapes` lacks, [channels], as `network` computes it; see `tables`."""
    return dict(zip(config.layer_shapes, _late_biases(arrays, config).values(), strict=True))


def _late_biases(arrays: Mapping[str, np.ndarray], config: Config) -> Arrays:
    """What the map before each part lacks, since the last convolutions of blocks add no bias; "": the last map."""
    lacks = np.zeros(config.layers[0][1] * config.channel_width, np.float32)
    found = {}
    for part in config.parts:
        found[part.name] = lacks
        if isinstance(part, Block):
            lacks = lacks[: part.after] + arrays[f"{part.name}.conv_3.bias"]
    return found | {"": lacks}


def _conditions(arrays: Mapping[str, np.ndarray], config: Config) -> Arrays:
    names, last = [name for name, _ in config.norms[:-1]], config.channel_width
    kernels, biases = [], []
    for kind, plain, base in (("scale", "weight", 1.0), ("offset", "bias", 0.0)):
        kernels += [arrays[f"{name}.{kind}.weight"].T for name in names]
        kernels.append(np.zeros((config.cond_size, last), np.float32))
        biases += [np.full(sum(channels for _, channels in config.norms[:-1]), base, np.float32)]
        biases.append(arrays[f"generator.bn.{plain}"])
    kernels.append(arrays["generator.gen_z.weight"].T)
    biases.append(arrays["generator.gen_z.bias"])
    return {"conditions/kernel": np.concatenate(kernels, axis=1), "conditions/bias": np.concatenate(biases)}


def _block(arrays: Mapping[str, np.ndarray], part: Block) -> Arrays:
    kernels = [arrays[f"{part.name}.conv_{number}.weight"].transpose(2, 3, 1, 0) for number in range(4)]
    second = product_kernel(kernels[1]) if part.doubles else _square(kernels[1], part)
    shaped = (kernels[0][0, 0], second, _square(kernels[2], part), kernels[3][0, 0])
    return {f"{part.name}.conv_{number}": kernel for number, kernel in enumerate(shaped)}


def _square(kernel: np.ndarray, part: Block) -> np.ndarray:
    """A kernel [3, 3, in, out], for `winograd` where the map and its channels are large enough to gain by it."""
    return kernel_values(kernel) if part.inner >= WIDE and part.size >= LARGE else kernel


def _attention(arrays: Mapping[str, np.ndarray], part: Attention, lacks: np.ndarray) -> Arrays:
    ways = [arrays[f"{part.name}.snconv1x1_{way}.weight"][:, :, 0, 0].T for way in ("theta", "phi", "g")]
    kernel = np.concatenate(ways, axis=1)
    out = arrays[f"{part.name}.snconv1x1_o_conv.weight"][:, :, 0, 0].T * arrays[f"{part.name}.gamma"]
    return {f"{part.name}.in/kernel": kernel, f"{part.name}.in/bias": lacks @ kernel, f"{part.name}.out": out}
