"""GANSynth's generator as pure functions of a dict of arrays, over `core.nn.ops`: for playing and for training.

Source: Karras et al. 2018 (progressive growing, equalised learning rate, pixel norm) and Engel et al. 2019 (GANSynth),
as Magenta's gansynth/lib/networks.py trains it. Maps are [n, time, frequency, channels].

Two things are done differently, with the same result:

* An enlargement followed by a convolution is one transposed convolution; see `core.nn.products`.
* Convolutions are local, so the first `frames` of the result need only the first few rows of every map.
"""

from collections.abc import Mapping

import numpy as np

from core.nn import products
from core.nn.normalization import pixel_norm
from core.nn.ops import Ops, Tensor
from gansynth.config import Config

Tensors = Mapping[str, Tensor]
LEAK = 0.2
# Of pixel norm.
EPSILON = 1e-8


def prepare(ops: Ops, weights: Tensors, config: Config, dtype: str = "float32") -> dict[str, Tensor]:
    """Weights in the form in which `generator` uses them; differentiable.

    The equalised learning rate's factor goes into the kernels. conv0_1 becomes a dense matrix, since its input is one
    pixel, and each upsampling conv0 a transposed convolution. Products are computed in the precision `dtype`; what lies
    between them is float32.
    """
    ready = dict(weights)
    for name in [name for name in weights if name.endswith("/kernel")]:
        part = name.partition("/")[0]
        kernel = weights[name] * equalizer(weights[name].shape, 1.0 if part.startswith("to_rgb") else 2.0)
        if part == "conv0_1":
            kernel = ops.reshape(ops.transpose(ops.flip(kernel, (0, 1)), (2, 0, 1, 3)), (kernel.shape[2], -1))
        elif part.startswith("conv0") and _upsamples_by_two(config):
            kernel = products.upsample_kernel(ops, kernel)
        ready[name] = ops.cast(kernel, dtype)
    return ready


def equalizer(shape: tuple[int, ...], gain: float) -> np.float32:
    """The equalised learning rate's factor for a kernel [height, width, in, out] or [in, out]."""
    return np.float32(np.sqrt(gain / np.prod(shape[:-1])))


def generator_input(ops: Ops, z: Tensor, labels: Tensor) -> Tensor:
    """Latent vectors [n, latent] and label vectors [n, labels] -> pixel-normed [n, latent + labels]."""
    return pixel_norm(ops, ops.concatenate([z, labels], axis=-1), EPSILON)


def generator(
    ops: Ops,
    weights: Tensors,
    x: Tensor,
    config: Config,
    blocks: int,
    blend: Mapping[int, Tensor | float],
    *,
    frames: int | None = None,
    start: str | None = None,
    resolution: int | None = None,
) -> Tensor:
    """Generator output before denormalisation.

    Args:
        ops: what computes it.
        weights: from `prepare`.
        x: [n, latent + labels] from `generator_input`, or the activations of layer `start`.
        config: gives the map sizes.
        blocks: how many blocks the checkpoint has.
        blend: how much of each block's picture there is in the result; see `block_weights`.
        frames: compute only the first frames; None: all.
        start: name of the layer that x is the output of; None: x is the input.
        resolution: the block whose map is as large as the result; None: the last that the config knows.

    Returns:
        [n, frames, frequencies, 2]: normalised log magnitude and phase.
    """
    resolution = resolution or config.num_resolutions
    frames = layer_rows(config, resolution) if frames is None else frames
    rows, parts = needed_rows(frames, config, blocks, resolution), []
    # conv1 reads a little further down than the rows that are needed of its own result.
    margin, first = {"conv0": config.kernel_size // 2, "conv1": 0}, position(start, blocks)
    for part, block in _steps(blocks)[max(0, first - 1) : first]:
        x = _cropped(x, rows[block] + margin[part])
    for part, block in _steps(blocks)[first:]:
        x = _cropped(_layer(ops, weights, x, part, block, config), rows[block] + margin[part])
        if part == "conv1" and block in blend:
            factor = config.scale_base ** (resolution - block)
            rgb = to_rgb(ops, weights, _cropped(x, -(-frames // factor)), block, config)
            parts.append(blend[block] * _cropped(enlarge(ops, rgb, factor, config), frames))
    return sum(parts[1:], parts[0])


def stage_specgrams(
    ops: Ops, weights: Tensors, z: Tensor, labels: Tensor, config: Config, blocks: int, fade: Tensor | None = None
) -> Tensor:
    """What the generator gives in a stage of training, at the resolution of its last block: [n, h, w, 2], normalised.

    Args:
        ops: what computes it.
        weights: from `prepare`.
        z: [n, latent].
        labels: [n, labels].
        config: gives the map sizes.
        blocks: how many blocks there are.
        fade: 0..1, how far the last block has faded in; None: all the way.
    """
    blend: dict[int, Tensor | float] = {blocks: 1.0} if fade is None else {blocks - 1: 1.0 - fade, blocks: fade}
    x = generator_input(ops, z, labels)
    return generator(ops, weights, x, config, blocks, blend, resolution=blocks)


def activations(
    ops: Ops, weights: Tensors, x: Tensor, config: Config, layer: str, *, start: str | None = None
) -> Tensor:
    """Activations of one layer, after its nonlinearity and pixel norm; only the layers from `start` on are computed.

    Returns:
        [n, time, frequency, channels].
    """
    blocks = config.num_resolutions
    for part, block in _steps(blocks)[position(start, blocks) : position(layer, blocks)]:
        x = _layer(ops, weights, x, part, block, config)
    return x


def layer_names(blocks: int) -> list[str]:
    """The layers whose activations can be had, in the order they are computed."""
    return ["conv0", "conv1"] + [f"conv{i}_{block}" for block in range(2, blocks + 1) for i in (0, 1)]


def position(layer: str | None, blocks: int) -> int:
    """How many steps it takes to the output of a layer."""
    return 0 if layer is None else layer_names(blocks).index(layer) + 1


def stem(config: Config, blocks: int, blend: Mapping[int, Tensor | float], frames: int) -> str | None:
    """The last layer that notes of all lengths can share: computing it whole costs even the shortest little.

    Args:
        config: gives the map sizes.
        blocks: how many blocks the checkpoint has.
        blend: the blocks that are seen in the result; the layer is below them all.
        frames: of the shortest note.
    """
    rows = needed_rows(frames, config, blocks)
    shared = [block for block in rows if block < min(blend) and 2 * rows[block] > layer_rows(config, block)]
    return layer_names(blocks)[2 * max(shared) - 1] if shared else None


def layer_shape(config: Config, layer: str) -> tuple[int, int, int]:
    """Time, frequency and channels of a layer's activations."""
    block = int(layer.partition("_")[2] or 1)
    wide = config.scale_base ** (block - 1) if config.scale_mode == "ALL" else 1
    return layer_rows(config, block), config.start_width * wide, config.num_filters(block)


def layer_rows(config: Config, block: int) -> int:
    """Rows, in time, of a block's maps."""
    return config.start_height * config.scale_base ** (block - 1)


def block_weights(progress: float, blocks: int) -> dict[int, float]:
    """Weights of the blocks in the output: a triangle around progress, summing to 1."""
    heights = {k: max(0.0, min(progress - (k - 2), k - progress)) for k in range(1, blocks + 1)}
    return {k: height for k, height in heights.items() if height > 0}


def needed_rows(frames: int, config: Config, blocks: int, resolution: int | None = None) -> dict[int, int]:
    """How many time rows of each block's map the first `frames` of the result need.

    Each of a block's two convolutions reads one row further down, and the map before it has fewer, coarser rows.
    """
    base = config.scale_base
    rows = {blocks: -(-frames // base ** ((resolution or config.num_resolutions) - blocks))}
    for block in range(blocks, 1, -1):
        rows[block - 1] = -(-(rows[block] + 2 * (config.kernel_size // 2)) // base)
    return {block: min(count, layer_rows(config, block)) for block, count in rows.items()}


def to_rgb(ops: Ops, weights: Tensors, x: Tensor, block: int, config: Config) -> Tensor:
    """A block's own two-channel picture: [n, h, w, c] -> [n, h, w, 2]."""
    y = products.convolve(ops, x, weights[f"to_rgb_{block}/kernel"]) + weights[f"to_rgb_{block}/bias"]
    return ops.tanh(y) if config.to_rgb_activation == "tanh" else y


def enlarge(ops: Ops, x: Tensor, factor: int, config: Config) -> Tensor:
    """Nearest-neighbour enlargement of a map [n, h, w, c], of h alone where scale_mode is H."""
    if factor == 1:
        return x
    x = ops.repeat(x, factor, axis=1)
    return ops.repeat(x, factor, axis=2) if config.scale_mode == "ALL" else x


def _layer(ops: Ops, weights: Tensors, x: Tensor, part: str, block: int, config: Config) -> Tensor:
    """One convolution and what follows it: [n, h, w, c] -> [n, h', w', c'], from [n, in] in the first."""
    kernel = weights[f"{part}_{block}/kernel"]
    if part == "conv1":
        y = products.convolve(ops, x, kernel)
    elif block == 1:
        y = products.multiply(ops, x, kernel)
        y = ops.reshape(y, (-1, config.start_height, config.start_width, config.num_filters(1)))
    elif _upsamples_by_two(config):
        y = products.upsample_conv(ops, x, kernel)
    else:
        y = products.convolve(ops, enlarge(ops, x, config.scale_base, config), kernel)
    return pixel_norm(ops, ops.leaky_relu(y + weights[f"{part}_{block}/bias"], LEAK), EPSILON)


def _upsamples_by_two(config: Config) -> bool:
    return config.scale_mode == "ALL" and config.scale_base == 2 and config.kernel_size == 3


def _steps(blocks: int) -> list[tuple[str, int]]:
    return [(part, block) for block in range(1, blocks + 1) for part in ("conv0", "conv1")]


def _cropped(x: Tensor, rows: int) -> Tensor:
    return x[:, :rows] if rows < x.shape[1] else x
