"""GANSynth's generator as pure functions of a dict of arrays, in keras.ops.

Source: Karras et al. 2018 (progressive growing, equalised learning rate, pixel norm) and Engel et al. 2019 (GANSynth),
as Magenta's gansynth/lib/networks.py trains it. Maps are [n, time, frequency, channels].

Two things are done differently, with the same result:

* A doubling followed by a convolution takes a quarter of the multiplications; see `doubling`.
* Convolutions are local, so the first `frames` of the result need only the first few rows of every map.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import ops

from core.nn.backend import fused
from gansynth import upsample_conv
from gansynth.checkpoint import Weights
from gansynth.config import Config

Tensor = Any
LEAK = 0.2
WIDE = 32  # channels


def prepare(weights: Weights, config: Config) -> Weights:
    """Weights in the form in which `generator` uses them, computed once.

    conv0_1 becomes a dense matrix (its input is one pixel), and each upsampling conv0 the matrix of its nine products.
    The equalised learning rate's factor goes into the kernels of wide layers. In narrow ones pixel norm makes much of
    the last bit, so there it is applied afterwards, as Magenta does, and stands in PART/gain.
    """
    ready = {name: value for name, value in weights.items() if name.endswith("/bias")}
    for name, kernel in weights.items():
        part, _, kind = name.partition("/")
        if kind == "kernel":
            gain = equalizer(kernel.shape, 1.0 if part.startswith("to_rgb") else 2.0)
            wide = config.num_filters(int(part.rpartition("_")[2])) >= WIDE
            ready[name] = _shaped(part, kernel * gain if wide else kernel, config)
            if not wide:
                ready[f"{part}/gain"] = np.asarray(gain)
    return ready


def prepare_training(weights: Mapping[str, Tensor], config: Config, dtype: str = "float32") -> dict[str, Tensor]:
    """Weights as `prepare` gives them, but differentiable: an upsampling conv0 becomes a transposed convolution.

    That costs 16 multiplications instead of 9, but its gradient is one well-tuned operation. Convolutions are computed
    in the precision `dtype`; what lies between them is float32.
    """
    ready = dict(weights)
    for name in [name for name in weights if name.endswith("/kernel")]:
        part = name.partition("/")[0]
        kernel = weights[name] * equalizer(weights[name].shape, 1.0 if part.startswith("to_rgb") else 2.0)
        if part == "conv0_1":
            kernel = ops.reshape(ops.transpose(ops.flip(kernel, (0, 1)), (2, 0, 1, 3)), (kernel.shape[2], -1))
        elif part.startswith("conv0") and _doubles(config):
            kernel = _transposed(kernel)
        ready[name] = ops.cast(kernel, dtype)
    return ready


def equalizer(shape: tuple[int, ...], gain: float) -> np.float32:
    """The equalised learning rate's factor for a kernel [height, width, in, out] or [in, out]."""
    return np.float32(np.sqrt(gain / np.prod(shape[:-1])))


def _transposed(kernel: Tensor) -> Tensor:
    """Kernel [3, 3, in, out] after a doubling -> kernel [4, 4, out, in] of a transposed convolution in steps of two.

    A small pixel reaches four big ones along each axis, the middle two of them by two kernel rows.
    """
    for axis in (0, 1):
        before, after = [(0, 0)] * 4, [(0, 0)] * 4
        before[axis], after[axis] = (1, 0), (0, 1)
        kernel = ops.pad(kernel, before) + ops.pad(kernel, after)
    return ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))


def _shaped(part: str, kernel: np.ndarray, config: Config) -> np.ndarray:
    inputs = kernel.shape[2]
    if part == "conv0_1":
        return np.ascontiguousarray(kernel[::-1, ::-1].transpose(2, 0, 1, 3)).reshape(inputs, -1)
    if part.startswith("conv0") and _doubles(config):
        return upsample_conv.product_kernel(kernel)
    return kernel


def _doubles(config: Config) -> bool:
    return config.scale_mode == "ALL" and config.scale_base == 2 and config.kernel_size == 3


def generator_input(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Latent vectors [n, latent] and label vectors [n, labels] -> pixel-normed float32 [n, latent + labels]."""
    joined = np.concatenate([z.astype(np.float32), labels.astype(np.float32)], axis=1)
    return joined / np.sqrt(np.mean(joined**2, axis=1, keepdims=True) + np.float32(1e-8))


def picture(
    weights: Mapping[str, Tensor], z: Tensor, labels: Tensor, config: Config, blocks: int, fade: Tensor | None = None
) -> Tensor:
    """What the generator gives in training, at the resolution of its last block: [n, h, w, 2], normalised.

    Args:
        weights: from `prepare_training`.
        z: [n, latent].
        labels: [n, labels].
        config: gives the map sizes.
        blocks: how many blocks there are.
        fade: 0..1, how far the last block has faded in; None: all the way.
    """
    x = ops.concatenate([z, labels], axis=-1)
    x = x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-8)
    for block in range(1, blocks + 1):
        before = x
        for part in ("conv0", "conv1"):
            x = _layer(weights, x, part, block, config, config.frames)
    rgb = to_rgb(weights, x, blocks, config)
    if fade is None:
        return rgb
    coarse = enlarge(to_rgb(weights, before, blocks - 1, config), config.scale_base, config)
    return fade * rgb + (1.0 - fade) * coarse


def layer_names(blocks: int) -> list[str]:
    """The layers whose activations can be had, in the order they are computed."""
    return ["conv0", "conv1"] + [f"conv{i}_{block}" for block in range(2, blocks + 1) for i in (0, 1)]


def generator(
    weights: Mapping[str, Tensor],
    x: Tensor,
    config: Config,
    blocks: int,
    progress: float,
    *,
    frames: int | None = None,
    start: str | None = None,
) -> Tensor:
    """Generator output before denormalisation.

    Args:
        weights: from `prepare`.
        x: [n, latent + labels] from `generator_input`, or the activations of layer `start`.
        config: gives the map sizes.
        blocks: how many blocks the checkpoint has.
        progress: which of them are heard; see `block_weights`.
        frames: compute only the first frames; None: all.
        start: name of the layer that x is the output of; None: x is the input.

    Returns:
        [n, frames, frequencies, 2]: normalised log magnitude and phase.
    """
    frames = config.frames if frames is None else frames
    rows, heard, parts = needed_rows(frames, config, blocks), block_weights(progress, blocks), []
    steps = [(part, block) for block in range(1, blocks + 1) for part in ("conv0", "conv1")]
    for part, block in steps[_position(start, steps) :]:
        if (part, block) == ("conv1", blocks):
            rgb = last_layer(weights, x, block, config)
        else:
            x = _layer(weights, x, part, block, config, rows[block] + config.kernel_size // 2)
            rgb = to_rgb(weights, x, block, config) if part == "conv1" and block in heard else None
        if rgb is not None and block in heard:
            parts.append(heard[block] * _full_size(rgb, block, frames, config))
        if part == "conv1":
            x = x[:, : rows[block]]
    return sum(parts[1:], parts[0])


def activations(weights: Mapping[str, Tensor], x: Tensor, config: Config, layer: str) -> Tensor:
    """Activations of one layer, after its nonlinearity and pixel norm; only the layers below are computed.

    Returns:
        [n, time, frequency, channels].
    """
    for name in layer_names(config.num_resolutions):
        x = _layer(weights, x, *_step(name), config, config.frames)
        if name == layer:
            break
    return x


def _layer(weights: Mapping[str, Tensor], x: Tensor, part: str, block: int, config: Config, rows: int) -> Tensor:
    if part == "conv1":
        return same_layer(weights, x, block)
    return first_layer(weights, x, config) if block == 1 else upsampling_layer(weights, x, block, config, rows)


def _position(start: str | None, steps: list[tuple[str, int]]) -> int:
    """How many steps lie behind an activation of layer `start`."""
    return 0 if start is None else steps.index(_step(start)) + 1


def _step(layer: str) -> tuple[str, int]:
    """What a layer's name stands for: "conv0" is conv0 of block 1, "conv1_3" conv1 of block 3."""
    part, _, block = layer.partition("_")
    return part, int(block or 1)


def first_layer(weights: Mapping[str, Tensor], x: Tensor, config: Config) -> Tensor:
    """conv0 of block 1: zero padding makes the convolution of one pixel a dense layer. [n, in] -> [n, h, w, c]."""
    x = _product(ops.matmul, x, weights["conv0_1/kernel"])
    x = ops.reshape(x, (-1, config.start_height, config.start_width, config.num_filters(1)))
    return _activate(x, weights.get("conv0_1/gain"), weights["conv0_1/bias"])


def upsampling_layer(weights: Mapping[str, Tensor], x: Tensor, block: int, config: Config, rows: int) -> Tensor:
    """conv0 of block 2 and up: enlarge, convolve, activate. [n, h, w, c] -> [n, at most `rows` of 2h, 2w, c']."""
    kernel, gain, bias = _parameters(weights, f"conv0_{block}")
    if not _doubles(config):
        return _activate(convolve(enlarge(x, config.scale_base, config), kernel), gain, bias)[:, :rows]
    if len(kernel.shape) == 4:
        return _activate(_product(_double, x, kernel), gain, bias)[:, :rows]
    return _add_products(upsample_conv.products(x, kernel), gain, bias, rows)


def same_layer(weights: Mapping[str, Tensor], x: Tensor, block: int) -> Tensor:
    """conv1 of a block: convolve, activate."""
    kernel, gain, bias = _parameters(weights, f"conv1_{block}")
    return _activate(convolve(x, kernel), gain, bias)


def to_rgb(weights: Mapping[str, Tensor], x: Tensor, block: int, config: Config) -> Tensor:
    """A block's own two-channel picture: [n, h, w, c] -> [n, h, w, 2]."""
    kernel, gain, bias = _parameters(weights, f"to_rgb_{block}")
    y = _scaled(convolve(x, kernel), gain) + bias
    return ops.tanh(y) if config.to_rgb_activation == "tanh" else y


def last_layer(weights: Mapping[str, Tensor], x: Tensor, block: int, config: Config) -> Tensor:
    """conv1 and to_rgb of the last block, whose activations nobody else reads: [n, h, w, c] -> [n, h, w, 2]."""
    kernel, gain, bias = _parameters(weights, f"conv1_{block}")
    y = _activate_to_rgb(ops.conv(x, kernel, 1, "same"), gain, bias, *_parameters(weights, f"to_rgb_{block}"))
    return ops.tanh(y) if config.to_rgb_activation == "tanh" else y


def convolve(x: Tensor, kernel: Tensor, padding: str = "same") -> Tensor:
    """A convolution [n, h, w, in] -> [n, h', w', out], computed in the kernel's precision; the result is float32."""
    return _product(lambda x, kernel: ops.conv(x, kernel, 1, padding), x, kernel)


def _double(x: Tensor, kernel: Tensor) -> Tensor:
    return ops.conv_transpose(x, kernel, 2, "same")


def _product(multiply: Callable[[Tensor, Tensor], Tensor], x: Tensor, kernel: Tensor) -> Tensor:
    return ops.cast(multiply(ops.cast(x, kernel.dtype), kernel), "float32")


def _parameters(weights: Mapping[str, Tensor], part: str) -> tuple[Tensor, Tensor, Tensor]:
    return weights[f"{part}/kernel"], weights.get(f"{part}/gain"), weights[f"{part}/bias"]


def _scaled(x: Tensor, gain: Tensor) -> Tensor:
    return x if gain is None else x * gain


def block_weights(progress: float, blocks: int) -> dict[int, float]:
    """Which blocks are heard, and how loud: a triangle around progress, summing to 1."""
    heights = {k: max(0.0, min(progress - (k - 2), k - progress)) for k in range(1, blocks + 1)}
    return {k: height for k, height in heights.items() if height > 0}


def needed_rows(frames: int, config: Config, blocks: int) -> dict[int, int]:
    """How many time rows of each block's map the first `frames` of the result need.

    Each of a block's two convolutions reads one row further down, and the map before it has fewer, coarser rows.
    """
    base = config.scale_base
    rows = {blocks: -(-frames // base ** (config.num_resolutions - blocks))}
    for block in range(blocks, 1, -1):
        rows[block - 1] = -(-(rows[block] + 2 * (config.kernel_size // 2)) // base)
    return {block: min(count, config.start_height * base ** (block - 1)) for block, count in rows.items()}


@fused
def _add_products(products: Tensor, gain: Tensor, bias: Tensor, rows: int) -> Tensor:
    """[n, h+2, w+2, 3, 3, c] of a map with a border of zeros -> activated [n, min(rows, 2h), 2w, c]."""
    doubled = upsample_conv.doubled(products)
    return _normed(_scaled(doubled[:, :rows], gain) + bias, exact=gain is not None)


@fused
def _activate(x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    return _normed(_scaled(x, gain) + bias, exact=gain is not None)


@fused
def _activate_to_rgb(
    x: Tensor, gain: Tensor, bias: Tensor, kernel: Tensor, rgb_gain: Tensor, rgb_bias: Tensor
) -> Tensor:
    """Activation and to_rgb in one pass over the largest map."""
    x = _normed(_scaled(x, gain) + bias, exact=gain is not None)
    colors = [ops.sum(x * kernel[0, 0, :, color], axis=-1) for color in (0, 1)]
    return _scaled(ops.stack(colors, axis=-1), rgb_gain) + rgb_bias


def _normed(x: Tensor, exact: bool) -> Tensor:
    """Leaky ReLU, then pixel norm over the channels; `exact` to the last bit, for narrow layers."""
    x = ops.leaky_relu(x, LEAK)
    power = ops.mean(ops.square(x), axis=-1, keepdims=True)
    if not exact:
        return x * ops.rsqrt(power + 1e-8)
    return ops.cast(ops.cast(x, "float64") / ops.sqrt(ops.cast(power, "float64") + 1e-8), "float32")


def _full_size(x: Tensor, block: int, frames: int, config: Config) -> Tensor:
    x = x[:, : -(-frames // config.scale_base ** (config.num_resolutions - block))]
    return enlarge(x, config.scale_base ** (config.num_resolutions - block), config)[:, :frames]


def enlarge(x: Tensor, factor: int, config: Config) -> Tensor:
    """Nearest-neighbour enlargement of a map [n, h, w, c], of h alone where scale_mode is H."""
    if factor == 1:
        return x
    x = ops.repeat(x, factor, axis=1)
    return ops.repeat(x, factor, axis=2) if config.scale_mode == "ALL" else x
