"""Weights of `weights.complete` in the layouts of `network`, and batch norm's tables, computed once."""

from collections.abc import Mapping

import numpy as np

from core.nn import numpy_ops
from renderer.biggan import network
from renderer.biggan.config import BigGANConfig

Arrays = dict[str, np.ndarray]


def prepare(arrays: Mapping[str, np.ndarray], config: BigGANConfig) -> Arrays:
    """What `network.generator` and `network.standing_norm` need, out of arrays in torch's layouts.

    Kernels [out, in, height, width] become [height, width, in, out], linear layers [out, in] become [in, out].
    """
    norms = {f"{name}.{kind}.weight" for name, _ in config.norms for kind in ("scale", "offset")}
    ready = {
        name: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
        for name, array in arrays.items()
        if name not in norms and not name.endswith((".running_means", ".running_vars"))
    }
    ready |= all_conditions(arrays, config)
    return {name: np.ascontiguousarray(array) for name, array in network.prepare(numpy_ops, ready, config).items()}


def all_conditions(arrays: Mapping[str, np.ndarray], config: BigGANConfig) -> Arrays:
    """One matrix for all batch norms: their scales one after the other, then their offsets.

    The last norm has no condition, so its part of the matrix is 0.
    """
    names, last = [name for name, _ in config.norms[:-1]], config.norms[-1][1]
    kernels, biases = [], []
    for kind, plain, base in (("scale", "weight", 1.0), ("offset", "bias", 0.0)):
        kernels += [arrays[f"{name}.{kind}.weight"].T for name in names]
        kernels.append(np.zeros((config.cond_size, last), np.float32))
        biases += [np.full(sum(channels for _, channels in config.norms[:-1]), base, np.float32)]
        biases.append(arrays[f"generator.bn.{plain}"])
    return {"conditions/kernel": np.concatenate(kernels, axis=1), "conditions/bias": np.concatenate(biases)}


def tables(arrays: Mapping[str, np.ndarray], config: BigGANConfig) -> Arrays:
    """The tables "means" and "deviations" [rows, values] of all batch norms, one after the other."""
    names = [name for name, _ in config.norms]
    variances = np.concatenate([arrays[f"{name}.running_vars"] for name in names], axis=1)
    return {
        "means": np.concatenate([arrays[f"{name}.running_means"] for name in names], axis=1),
        "deviations": np.sqrt(variances + np.float32(config.epsilon)),
    }
