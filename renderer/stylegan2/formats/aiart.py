"""Checkpoints of AIART's StyleGAN2 in Keras: PREFIX.index and PREFIX.data-00000-of-00001.

Its network has gains of its own, one w for each block, and no constants: the first map is ones, and noise is drawn when
a video is made. Everything else in a checkpoint (optimizer slots, metrics, counters) is not read.
"""

import re
from pathlib import Path

import numpy as np

from core import checks
from core.formats.tensor_bundle import INDEX, Reader
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import shapes
from renderer.stylegan2.weights import CONST, Arrays

_END = "/.ATTRIBUTES/VARIABLE_VALUE"
_MAPPING = re.compile(r"mapping_network/mapping_net/layer_with_weights-(\d+)/FCL_(kernel|bias)")
_BLOCK = re.compile(r"generator/(?:generator_blocks/(\d+)/)?(style_block[12]?|to_rgb)/(.+)")
_LAYERS = {"style_block": "conv1", "style_block1": "conv0", "style_block2": "conv1", "to_rgb": "torgb"}
_PARTS = {
    "conv/mod_conv_kernel": "weight",
    "to_style/FCL_kernel": "affine.weight",
    "to_style/FCL_bias": "affine.bias",
    "scale_noise": "noise_strength",
    "StyleBlock_bias": "bias",
    "toRGB_bias": "bias",
    "conv/to_style/FCL_kernel": "affine.weight",
    "conv/to_style/FCL_bias": "affine.bias",
}
_RATE = 0.5


def read(index: Path) -> tuple[StyleGan2Config, Arrays]:
    """The generator of a checkpoint.

    Args:
        index: its file PREFIX.index.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: it is damaged, or is not a checkpoint of this network; the message names what is wrong.
    """
    reader = Reader(index.with_name(index.name.removesuffix(INDEX)))
    arrays: dict[str, np.ndarray | None] = {}
    for name in reader.names:
        if name.endswith(_END) and (own := _own_name(name.removesuffix(_END))) is not None:
            array = reader.read(name)
            arrays[own] = array.reshape(-1) if own.endswith((".noise_strength", ".bias")) else array
    found = shapes.present(arrays)
    if "b4.conv1.weight" not in found:
        raise ValueError(f"{index} is not a checkpoint of AIART's StyleGAN2")
    config = shapes.config(found, "embed", architecture="skip", variant="aiart", mapping_rate=_RATE)
    found[CONST] = np.ones((4, 4, config.channels[0]), np.float32)
    for layer in config.noisy:
        found[f"{layer.name}.noise_const"] = _noise(layer.size, first=layer.name.endswith("conv0") or layer.size == 4)
    return config, found


def _own_name(name: str) -> str | None:
    if match := _MAPPING.fullmatch(name):
        return f"mapping.fc{int(match[1])}.{'weight' if match[2] == 'kernel' else 'bias'}"
    if (match := _BLOCK.fullmatch(name)) and (part := _PARTS.get(match[3])):
        step = 0 if match[1] is None else checks.whole("the number of a block", int(match[1]) + 1, 1, 10)
        return f"b{4 * 2**step}.{_LAYERS[match[2]]}.{part}"
    return None


def _noise(size: int, first: bool) -> np.ndarray:
    """Noise that stays, as its videos begin: of two maps drawn with the size as their seed, one for each layer."""
    return np.random.default_rng(size).standard_normal((size, size, 2)).astype(np.float32)[..., 0 if first else 1]
