"""The arrays of a codebook: their names and shapes, checked; layouts for `network`; random ones, as training begins.

Names are the original's. Its kernels are [out, in, height, width]; ours [height, width, in, out], as in keras.ops.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from specvqgan import file_values
from specvqgan.codebook.config import CodebookConfig
from specvqgan.codebook.network import CODES

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
# How a transformer's checkpoint names the codebook in it.
_WITHIN = "first_stage_model."


def expected(config: CodebookConfig) -> dict[str, Shape]:
    """The shape of every array by name, in our layout."""
    found: dict[str, Shape] = {CODES: (config.codes, config.code_size)}
    first, last = config.channels[0], config.channels[-1]
    convs = [
        ("encoder.conv_in", 3, 1, first),
        ("encoder.conv_out", 3, last, config.z_channels),
        ("quant_conv", 1, config.z_channels, config.code_size),
        ("post_quant_conv", 1, config.code_size, config.z_channels),
        ("decoder.conv_in", 3, config.z_channels, last),
        ("decoder.conv_out", 3, first, 1),
    ]
    found |= _norm("encoder.norm_out", last) | _norm("decoder.norm_out", first)
    for name, *sizes in convs:
        found |= _conv(name, *sizes)
    for side in ("encoder", "decoder"):
        found |= _block(f"{side}.mid.block_1", last, last) | _block(f"{side}.mid.block_2", last, last)
        found |= _attention(f"{side}.mid.attn_1", last)
    for name, before, after in _blocks(config):
        found |= _block(name, before, after)
        if int(name.split(".")[2]) in config.attention:
            found |= _attention(name.replace(".block.", ".attn."), after)
    for level, channels in enumerate(config.channels):
        if level < len(config.channels) - 1:
            found |= _conv(f"encoder.down.{level}.downsample.conv", 3, channels, channels)
        if level:
            found |= _conv(f"decoder.up.{level}.upsample.conv", 3, channels, channels)
    return found


def from_original(arrays: Mapping[str, np.ndarray], config: CodebookConfig) -> Arrays:
    """The arrays of `expected`, float32, from those of a file, where kernels have torch's layout.

    Raises:
        ValueError: one is missing, has another shape, or contains a value that is not finite.
    """
    found = {}
    within = _WITHIN if f"{_WITHIN}{CODES}" in arrays else ""
    for name, shape in expected(config).items():
        array = file_values.array(arrays, within + name, _in_torch(shape))
        found[name] = np.ascontiguousarray(array.transpose(2, 3, 1, 0) if array.ndim == 4 else array)
    return found


def to_original(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Arrays of ours in torch's layout, as files have them."""
    return {
        name: np.ascontiguousarray(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array)
        for name, array in ((name, np.asarray(value)) for name, value in arrays.items())
    }


def initial(config: CodebookConfig, rng: np.random.Generator) -> Arrays:
    """Random weights, as the original begins: uniform within 1 / sqrt(inputs), the codes within 1 / their number."""
    found = {}
    shapes = expected(config)
    for name, shape in shapes.items():
        stem, _, kind = name.rpartition(".")
        kernel = shapes[f"{stem}.weight"]
        if name == CODES:
            bound = 1.0 / config.codes
        elif len(kernel) == 4:
            bound = 1.0 / math.sqrt(math.prod(kernel[:3]))
        else:
            found[name] = np.full(shape, float(kind == "weight"), np.float32)
            continue
        found[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
    return found


def _blocks(config: CodebookConfig) -> Iterator[tuple[str, int, int]]:
    """Name, channels before and channels after of the residual blocks of all levels."""
    before = config.channels[0]
    for level, after in enumerate(config.channels):
        for block in range(config.blocks):
            yield f"encoder.down.{level}.block.{block}", before, after
            before = after
    for level, after in reversed(list(enumerate(config.channels))):
        for block in range(config.blocks + 1):
            yield f"decoder.up.{level}.block.{block}", before, after
            before = after


def _in_torch(shape: Shape) -> Shape:
    return (shape[3], shape[2], shape[0], shape[1]) if len(shape) == 4 else shape


def _conv(name: str, size: int, before: int, after: int) -> dict[str, Shape]:
    return {f"{name}.weight": (size, size, before, after), f"{name}.bias": (after,)}


def _norm(name: str, channels: int) -> dict[str, Shape]:
    return {f"{name}.weight": (channels,), f"{name}.bias": (channels,)}


def _block(name: str, before: int, after: int) -> dict[str, Shape]:
    found = _norm(f"{name}.norm1", before) | _conv(f"{name}.conv1", 3, before, after)
    found |= _norm(f"{name}.norm2", after) | _conv(f"{name}.conv2", 3, after, after)
    return found | _conv(f"{name}.nin_shortcut", 1, before, after) if before != after else found


def _attention(name: str, channels: int) -> dict[str, Shape]:
    found = _norm(f"{name}.norm", channels)
    for part in ("q", "k", "v", "proj_out"):
        found |= _conv(f"{name}.{part}", 1, channels, channels)
    return found
