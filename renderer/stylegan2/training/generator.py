"""The generator in training: first weights, and images from random latents; see renderer/stylegan2/network.py."""

from collections.abc import Mapping

import numpy as np

from core.nn.backend import gpus
from core.nn.stateless_random import StatelessRandom
from core.training.trees import Tensor, Tensors
from renderer.stylegan2 import network, weights
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.training.hparams import StyleGan2Hparams
from renderer.stylegan2.training.training_ops import ops

# Kernels of maps of this size and larger are multiplied in bfloat16, where that is asked for.
SHORT_FROM = 32


def initial(config: StyleGan2Config, start_size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """First weights: standard normal; sizes after the first one add no colours yet."""
    found = {name: value for name, value in weights.initial(config, rng).items() if name in used(config)}
    for name, value in found.items():
        if name.endswith("torgb.weight") and int(name[1:].partition(".")[0]) > start_size:
            found[name] = np.zeros_like(value)
    return found


def images(
    learned: Mapping[str, Tensor], latents: Tensor, random: StatelessRandom | None, hparams: StyleGan2Hparams,
    size: int, between: network.Between = network.unchanged,
) -> Tensor:  # fmt: skip
    """Images of mapped latents, with random noise: [n, size, size, 3], nominally in -1..1.

    Args:
        learned: weights as training changes them.
        latents: [n, num_ws, w_size].
        random: where the noise comes from; None: there is none.
        hparams: give the shape.
        size: in pixels.
        between: see `network.synthesis`.
    """
    config = hparams.config(0, size)
    ready = network.prepare(ops, _without_mapping(learned), config, joined=not gpus())
    if hparams.bfloat16:
        short = [f"{layer.name}.weight" for layer in config.layers if layer.size >= SHORT_FROM]
        ready |= {name: ops.cast(ready[name], "bfloat16") for name in short}
    noises = _noises(random, latents.shape[0], config) if random else ()
    return network.synthesis(ops, ready, latents, noises, config, between=between)


def mapped(learned: Mapping[str, Tensor], z: Tensor, labels: Tensor | None, config: StyleGan2Config) -> Tensor:
    """Mapped latents [n, w_size] of z [n, z_size] and labels [n, classes]."""
    ready = {
        name: value * network.gain_of(name, value, config)
        for name, value in learned.items()
        if name.startswith("mapping.")
    }
    return network.mapping(ops, ready, z, labels, config)


def mixed(
    learned: Mapping[str, Tensor], labels: Tensor | None, random: StatelessRandom, hparams: StyleGan2Hparams,
    count: int, classes: int, size: int,
) -> Tensor:  # fmt: skip
    """Mapped latents [count, num_ws, w_size] for random z: some images change to another latent on the way."""
    config = hparams.config(classes, size)
    first, second = (mapped(learned, random.normal((count, hparams.z_size)), labels, config) for _ in range(2))
    cut = 1.0 + ops.floor(random.uniform((count, 1)) * (config.num_ws - 1))
    cut = ops.where(random.uniform((count, 1)) < hparams.mixing, cut, float(config.num_ws))
    later = ops.cast(ops.arange(config.num_ws, dtype="float32")[None] >= cut, "float32")[:, :, None]
    return first[:, None] * (1.0 - later) + second[:, None] * later


def used(config: StyleGan2Config) -> list[str]:
    """Names of the weights that a generator of this shape learns."""
    return [name for name in weights.expected(config) if name != weights.AVERAGE and not name.endswith("noise_const")]


def _noises(random: StatelessRandom, count: int, config: StyleGan2Config) -> list[Tensor]:
    return [random.normal((count, layer.size, layer.size, 1)) for layer in config.noisy]


def _without_mapping(learned: Mapping[str, Tensor]) -> Tensors:
    return {name: value for name, value in learned.items() if not name.startswith("mapping.")}
