"""The encoder and the decoder, defined once over `core.nn.ops`; maps are [n, mels, frames, channels].

Source: Esser et al. 2020, Taming Transformers, whose names the weights have; see `weights` for their layout.
"""

from collections.abc import Callable, Mapping
from typing import Any

from core.nn.normalization import group_norm
from core.nn.ops import Ops, Tensor
from core.nn.products import convolve, upsample_conv, upsample_kernel
from specvqgan.codebook.config import CodebookConfig

Weights = Mapping[str, Any]
# Called with the name of each part and what leaves it; gives what goes on.
Hook = Callable[[str, Tensor], Tensor]
CODES = "quantize.embedding.weight"
_MERGED = ".merged"


def unchanged(_: str, x: Tensor) -> Tensor:
    """A hook that does nothing."""
    return x


def encode(ops: Ops, weights: Weights, x: Tensor, config: CodebookConfig, hook: Hook = unchanged) -> Tensor:
    """Spectrograms [n, mels, frames, 1] in -1..1 -> what is looked up, [n, rows, columns, code_size]."""
    x = hook("encoder.conv_in", _conv(ops, weights, "encoder.conv_in", x))
    last = len(config.channels) - 1
    for level in range(last + 1):
        name = f"encoder.down.{level}"
        for block in range(config.blocks):
            x = _block(ops, weights, f"{name}.block.{block}", x, config, hook)
            if level in config.attention:
                x = _attention(ops, weights, f"{name}.attn.{block}", x, config, hook)
        if level < last:
            x = ops.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)])
            kernel = weights[f"{name}.downsample.conv.weight"]
            x = convolve(ops, x, kernel, "valid", strides=2) + weights[f"{name}.downsample.conv.bias"]
            x = hook(f"{name}.downsample", x)
    x = _middle(ops, weights, "encoder.mid", x, config, hook)
    x = hook("encoder.norm_out", _norm(ops, weights, "encoder.norm_out", x, config))
    x = hook("encoder.conv_out", _conv(ops, weights, "encoder.conv_out", _swish(ops, x)))
    return hook("quant_conv", _conv(ops, weights, "quant_conv", x))


def decode(ops: Ops, weights: Weights, z: Tensor, config: CodebookConfig, hook: Hook = unchanged) -> Tensor:
    """Codes' vectors [n, rows, columns, code_size] -> spectrograms [n, mels, frames, 1], nominally in -1..1."""
    x = hook("post_quant_conv", _conv(ops, weights, "post_quant_conv", z))
    x = hook("decoder.conv_in", _conv(ops, weights, "decoder.conv_in", x))
    x = _middle(ops, weights, "decoder.mid", x, config, hook)
    for level in reversed(range(len(config.channels))):
        name = f"decoder.up.{level}"
        for block in range(config.blocks + 1):
            x = _block(ops, weights, f"{name}.block.{block}", x, config, hook)
            if level in config.attention:
                x = _attention(ops, weights, f"{name}.attn.{block}", x, config, hook)
        if level:
            x = hook(f"{name}.upsample", _upsample(ops, weights, f"{name}.upsample.conv", x))
    x = hook("decoder.norm_out", _norm(ops, weights, "decoder.norm_out", x, config))
    return hook("decoder.conv_out", _conv(ops, weights, "decoder.conv_out", _swish(ops, x)))


def nearest(ops: Ops, weights: Weights, z: Tensor) -> Tensor:
    """The code nearest to each vector, by squared distance: [n, rows, columns, code_size] -> int [n, rows, columns]."""
    codes = weights[CODES]
    flat = ops.reshape(z, (-1, codes.shape[1]))
    lengths = ops.sum(ops.square(flat), axis=1, keepdims=True) + ops.sum(ops.square(codes), axis=1)
    distances = lengths - 2.0 * ops.matmul(flat, ops.transpose(codes, (1, 0)))
    return ops.reshape(ops.argmin(distances, axis=1), (-1, *z.shape[1:3]))


def look_up(ops: Ops, weights: Weights, tokens: Tensor) -> Tensor:
    """The vectors of codes: int [n, rows, columns] -> [n, rows, columns, code_size]."""
    flat = ops.take(weights[CODES], ops.reshape(tokens, (-1,)), axis=0)
    return ops.reshape(flat, (-1, *tokens.shape[1:3], weights[CODES].shape[1]))


def _middle(ops: Ops, weights: Weights, name: str, x: Tensor, config: CodebookConfig, hook: Hook) -> Tensor:
    x = _block(ops, weights, f"{name}.block_1", x, config, hook)
    x = _attention(ops, weights, f"{name}.attn_1", x, config, hook)
    return _block(ops, weights, f"{name}.block_2", x, config, hook)


def _block(ops: Ops, weights: Weights, name: str, x: Tensor, config: CodebookConfig, hook: Hook) -> Tensor:
    """Residual block; where the number of channels changes, the shortcut is a convolution of one pixel."""
    inner = _swish(ops, _norm(ops, weights, f"{name}.norm1", x, config))
    inner = _conv(ops, weights, f"{name}.conv1", inner)
    inner = _swish(ops, _norm(ops, weights, f"{name}.norm2", inner, config))
    inner = _conv(ops, weights, f"{name}.conv2", inner)
    if f"{name}.nin_shortcut.weight" in weights:
        x = _conv(ops, weights, f"{name}.nin_shortcut", x)
    return hook(name, x + inner)


def _attention(ops: Ops, weights: Weights, name: str, x: Tensor, config: CodebookConfig, hook: Hook) -> Tensor:
    """Attention over all places of a map, with one head."""
    height, width, channels = x.shape[1:]
    inner = _norm(ops, weights, f"{name}.norm", x, config)
    query, key, value = (
        ops.reshape(_conv(ops, weights, f"{name}.{part}", inner), (-1, height * width, channels)) for part in "qkv"
    )
    scores = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))) * channels**-0.5, axis=-1)
    found = ops.reshape(ops.matmul(scores, value), (-1, height, width, channels))
    return hook(name, x + _conv(ops, weights, f"{name}.proj_out", found))


def prepare(ops: Ops, weights: Weights) -> dict[str, Any]:
    """Weights for playing: each enlargement and its convolution in one step, which takes 16 instead of 36 products."""
    merged = {name: value for name, value in weights.items() if name.endswith(".upsample.conv.weight")}
    kernels = {f"{name}{_MERGED}": upsample_kernel(ops, value) for name, value in merged.items()}
    return {name: value for name, value in weights.items() if name not in merged} | kernels


def _upsample(ops: Ops, weights: Weights, name: str, x: Tensor) -> Tensor:
    """Each pixel twice in both directions, then a convolution."""
    kernel = weights.get(f"{name}.weight{_MERGED}")
    if kernel is not None:
        return upsample_conv(ops, x, kernel) + weights[f"{name}.bias"]
    return _conv(ops, weights, name, ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2))


def _norm(ops: Ops, weights: Weights, name: str, x: Tensor, config: CodebookConfig) -> Tensor:
    return group_norm(ops, x, weights[f"{name}.weight"], weights[f"{name}.bias"], config.groups)


def _conv(ops: Ops, weights: Weights, name: str, x: Tensor) -> Tensor:
    return convolve(ops, x, weights[f"{name}.weight"]) + weights[f"{name}.bias"]


def _swish(ops: Ops, x: Tensor) -> Tensor:
    return x * ops.sigmoid(x)
