"""StyleGAN2's generator as pure functions of a dict of arrays, over `core.nn.ops`: for playing and for training.

Source: Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN. Weights are as training changes
them (equalised learning rate); `prepare` multiplies them by their gains. Layouts are those of keras.ops: dense layers
[in, out], kernels [height, width, in, out], maps [n, height, width, channels].

Two things are done differently, with the same result. Kernels stay what they are: a style scales the map before its
convolution, and demodulation scales it afterwards, so that any engine can compute a plain convolution. And a map is
enlarged by a transposed convolution and then smoothed by its own small kernel, which is faster than one large kernel.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.nn import products
from core.nn.normalization import pixel_norm
from core.nn.ops import Ops, Tensor
from renderer.stylegan2.config import Layer, StyleGan2Config

Weights = Mapping[str, Tensor]
# Changes, or keeps, what leaves a layer: (name, tensor) -> tensor.
Hook = Callable[[str, Tensor], Tensor]
# Changes, or keeps, what the blocks up to a size give: (size, map, colours or None) -> both.
Between = Callable[[int, Tensor, "Tensor | None"], "tuple[Tensor, Tensor | None]"]
# Noise of one layer: [n or 1, size, size, 1], or None.
Noise = Tensor | None

# What a hook is given last.
FRAMES = "rgb"
# Labels times this matrix stand beside z; it has no gain.
LABELS = "mapping.labels.weight"
_SLOPE = 0.2
_EPSILON = 1e-8
_FIR = np.outer((1, 3, 3, 1), (1, 3, 3, 1)).astype(np.float32) / 64.0
# Enlarging twice spreads each value over four pixels.
_FIR_UP = 4.0 * _FIR
# For each pixel of a kernel of 3 x 3, the filter at its place among 6 x 6: [6, 6, 3, 3].
_JOINED = np.zeros((6, 6, 3, 3), np.float32)
for _row, _column in np.ndindex(3, 3):
    _JOINED[_row : _row + 4, _column : _column + 4, _row, _column] = _FIR_UP


def same(name: str, x: Tensor) -> Tensor:
    """The hook that changes nothing."""
    return x


def unchanged(size: int, x: Tensor, colors: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """What changes nothing between blocks."""
    return x, colors


def prepare(ops: Ops, weights: Weights, config: StyleGan2Config, joined: bool = False) -> dict[str, Tensor]:
    """Weights in the form in which the other functions use them: times their gains, with the sums of demodulation.

    It is differentiable, so training calls it in each step; a player calls it once.

    Args:
        ops: what computes it.
        weights: as training changes them.
        config: gives the shape.
        joined: whether kernels that enlarge a map smooth it too, as one kernel of 6 x 6 pixels. Training on a CPU then
            takes half the time: maps that go through its memory take it, not products.
    """
    ready = {name: _times(value, gain_of(name, value, config)) for name, value in weights.items()}
    for layer in config.layers:
        kernel = ready[f"{layer.name}.weight"]
        if not layer.colors:
            ready[f"{layer.name}.sums"] = ops.sum(ops.square(kernel), axis=(0, 1))
        if layer.up and not config.kind.nearest:
            # A transposed convolution reads its kernel the other way round.
            kernel = ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))
            ready[f"{layer.name}.weight"] = _joined(ops, kernel) if joined else kernel
    return ready


def _joined(ops: Ops, kernel: Tensor) -> Tensor:
    """A kernel [3, 3, out, in], and the filter 1, 3, 3, 1 along both edges after it, as one: [6, 6, out, in]."""
    out, before = kernel.shape[2:]
    flat = ops.matmul(_JOINED.reshape(36, 9), ops.reshape(kernel, (9, out * before)))
    return ops.reshape(flat, (6, 6, out, before))


def gain_of(name: str, value: Tensor, config: StyleGan2Config) -> float:
    """What a weight is multiplied by when the network runs.

    AIART divides by the size of the whole map in the place of the kernel's, and its mapping has gains of its own.
    """
    kind, shape = name.rpartition(".")[2], value.shape
    if name.startswith("mapping.fc"):
        rate = config.mapping_rate
        if kind == "bias":
            return rate
        return rate / math.sqrt(shape[0]) * (2.0 * rate if config.kind.own_gains else 1.0)
    if kind != "weight" or name == LABELS:
        return 1.0
    if len(shape) == 4:
        return 1.0 / _kernel_norm(name, shape, config)
    return 1.0 / math.sqrt(shape[0])


def _kernel_norm(name: str, shape: Sequence[int], config: StyleGan2Config) -> float:
    if not config.kind.own_gains:
        return math.sqrt(math.prod(shape[:3]))
    layer = next(layer for layer in config.layers if name == f"{layer.name}.weight")
    size = layer.size // 2 if layer.up else layer.size
    return float(size * size * layer.before)


def mapping(ops: Ops, ready: Weights, z: Tensor, labels: Tensor | None, config: StyleGan2Config) -> Tensor:
    """Mapped latents [n, w_size], not truncated.

    Args:
        ops: what computes it.
        ready: from `prepare`.
        z: [n, z_size].
        labels: [n, num_classes]; None where the generator has none.
        config: gives the shape.
    """
    x = z
    if config.num_classes and config.labels == "concat":
        x = ops.concatenate([x, products.multiply(ops, labels, ready[LABELS])], axis=-1)
    x = pixel_norm(ops, x, _EPSILON)
    if config.num_classes and config.labels == "embed":
        embedded = products.multiply(ops, labels, ready["mapping.embed.weight"]) + ready["mapping.embed.bias"]
        x = ops.concatenate([x, pixel_norm(ops, embedded, _EPSILON)], axis=-1)
    for number in range(config.mapping_layers):
        x = _dense(ops, ready, x, f"mapping.fc{number}")
        x = _times(_rectified(ops, x), config.kind.gain)
    return x


def synthesis(
    ops: Ops,
    ready: Weights,
    w: Tensor,
    noises: Sequence[Noise],
    config: StyleGan2Config,
    hook: Hook = same,
    size: int | None = None,
    between: Between = unchanged,
) -> Tensor:
    """Frames [n, size, size, colors], nominally in -1..1.

    Args:
        ops: what computes it.
        ready: from `prepare`.
        w: [n, num_ws, w_size].
        noises: of the layers `config.noisy`, in that order; empty: none.
        config: gives the shape.
        hook: is given what leaves each layer, by name, and gives what goes on; the frames are "rgb".
        size: of the frames in pixels; None: full. Smaller ones are what the blocks up to this size add up to, which
            only the architecture "skip" has.
        between: is given the map and the colours of each size, and gives those that go on.
    """
    given = dict(zip((layer.name for layer in config.noisy), noises, strict=True)) if noises else {}
    layers = {layer.name: layer for layer in config.layers}

    def run(name: str, x: Tensor, gain: float = 1.0) -> Tensor:
        return hook(name, styled(ops, ready, x, w, layers[name], given.get(name), config, gain))

    x, colors = ops.cast(ready["b4.const"], "float32")[None], None
    for edge in (each for each in config.sizes if size is None or each <= size):
        x = _block(ops, ready, x, edge, run, config) if edge > config.sizes[0] else run(f"b{edge}.conv1", x)
        colors = None if colors is None else enlarged(ops, colors)
        if f"b{edge}.torgb" in layers:
            own = run(f"b{edge}.torgb", x)
            colors = own if colors is None else colors + own
        x, colors = between(edge, x, colors)
    return hook(FRAMES, colors)


def _block(
    ops: Ops, ready: Weights, x: Tensor, size: int, run: Callable[..., Tensor], config: StyleGan2Config
) -> Tensor:
    """What leaves the block of `size` pixels."""
    if config.architecture != "resid":
        return run(f"b{size}.conv1", run(f"b{size}.conv0", x))
    half = math.sqrt(0.5)
    short = enlarged(ops, products.convolve(ops, x, ready[f"b{size}.skip.weight"])) * half
    return run(f"b{size}.conv1", run(f"b{size}.conv0", x), half) + short


def styled(
    ops: Ops, ready: Weights, x: Tensor, w: Tensor, layer: Layer, noise: Noise, config: StyleGan2Config, gain: float
) -> Tensor:
    """One layer: [n, h, w, before] -> [n, size, size, after]."""
    style = _style(ops, ready, w, layer, config)
    x = _convolved(ops, x * style[:, None, None, :], ready[f"{layer.name}.weight"], layer, config)
    bias = ready[f"{layer.name}.bias"]
    if layer.colors:
        x = _rectified(ops, x + bias) if config.kind.rectified else x + bias
        return _clamped(ops, x, config, 1.0)
    # A gain after the leaky ReLU is the same as one before it, where it costs nothing.
    gain = gain * config.kind.gain
    powers = products.multiply(ops, ops.square(style), ready[f"{layer.name}.sums"])
    x = x * (ops.rsqrt(powers + _EPSILON) * gain)[:, None, None, :] + bias * gain
    if noise is not None:
        x = x + ops.cast(noise, "float32") * (ready[f"{layer.name}.noise_strength"] * gain)
    return _clamped(ops, _rectified(ops, x), config, gain / config.kind.gain)


def _style(ops: Ops, ready: Weights, w: Tensor, layer: Layer, config: StyleGan2Config) -> Tensor:
    """What scales the channels before a layer, [n, before]."""
    style = _dense(ops, ready, w[:, layer.w], f"{layer.name}.affine")
    return _rectified(ops, style) + 1.0 if config.kind.rectified else style


def _convolved(ops: Ops, x: Tensor, kernel: Tensor, layer: Layer, config: StyleGan2Config) -> Tensor:
    if not layer.up:
        return products.convolve(ops, x, kernel)
    if config.kind.nearest:
        return products.convolve(ops, ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2), kernel)
    if kernel.shape[0] == _JOINED.shape[0]:
        return products.transposed(ops, x, kernel, 2, "same")
    return smoothed(ops, products.transposed(ops, x, kernel, 2, "valid"))


def smoothed(ops: Ops, x: Tensor) -> Tensor:
    """A map [n, h, w, c] through the filter 1, 3, 3, 1 along both edges: [n, h - 1, w - 1, c], four times as strong."""
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return ops.depthwise_conv(x, np.repeat(_FIR_UP[:, :, None, None], x.shape[-1], axis=2), 1, "valid")


def enlarged(ops: Ops, x: Tensor) -> Tensor:
    """A map twice as large, smoothed by 1, 3, 3, 1."""
    channels = x.shape[-1]
    kernel = _FIR_UP[:, :, None, None] * np.eye(channels, dtype=np.float32)
    return ops.conv_transpose(x, kernel, 2, "same")


def _dense(ops: Ops, ready: Weights, x: Tensor, name: str) -> Tensor:
    return products.multiply(ops, x, ready[f"{name}.weight"]) + ready[f"{name}.bias"]


def _rectified(ops: Ops, x: Tensor) -> Tensor:
    return ops.leaky_relu(x, _SLOPE)


def _times(x: Tensor, gain: float) -> Tensor:
    return x if gain == 1.0 else x * gain


def _clamped(ops: Ops, x: Tensor, config: StyleGan2Config, gain: float) -> Tensor:
    return x if config.clamp is None else ops.clip(x, -config.clamp * gain, config.clamp * gain)
