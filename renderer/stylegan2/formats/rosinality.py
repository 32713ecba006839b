"""The .pt files of rosinality's StyleGAN2 in PyTorch: a dict with the state dict g_ema, and latent_avg.

Source: model.py and convert_weight.py of rosinality/stylegan2-pytorch.
"""

import re
from pathlib import Path

import numpy as np

from core import checks
from core.formats import torch_file
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import shapes
from renderer.stylegan2.weights import AVERAGE, CONST, Arrays

_NETWORK, _AVERAGE = "g_ema", "latent_avg"
_STYLE = re.compile(r"style\.(\d+)\.(weight|bias)")
_CONV = re.compile(r"(conv1|convs\.(\d+))\.(.+)")
_RGB = re.compile(r"(to_rgb1|to_rgbs\.(\d+))\.(.+)")
_NOISE = re.compile(r"noises\.noise_(\d+)")
_PARTS = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
    "bias": "bias",
}


def read(path: Path) -> tuple[StyleGan2Config, Arrays]:
    """The generator of a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or is not a StyleGAN2; the message names what is wrong.
    """
    entries = torch_file.read_checkpoint(path, (_NETWORK, _AVERAGE))
    network = entries.get(_NETWORK)
    if not isinstance(network, dict):
        raise ValueError(f"{path} has no state dict named {_NETWORK}")
    arrays: dict[str, np.ndarray | None] = {}
    for name, array in network.items():
        if (own := _own_name(name)) is not None:
            arrays[own] = _arranged(own, array)
    if isinstance(average := entries.get(_AVERAGE), np.ndarray):
        arrays[AVERAGE] = average.reshape(-1)
    found = shapes.present(arrays)
    return shapes.config(found, "embed", architecture="skip"), found


def _own_name(name: str) -> str | None:
    """Our name of one of its arrays; None: it is not needed."""
    if name == "input.input":
        return CONST
    if match := _STYLE.fullmatch(name):
        return f"mapping.fc{int(match[1]) - 1}.{match[2]}"
    if match := _NOISE.fullmatch(name):
        return f"{shapes.noisy_layer(int(match[1]))}.noise_const"
    if match := _CONV.fullmatch(name):
        number, part = 0 if match[2] is None else int(match[2]) + 1, _PARTS.get(match[3])
        return part and f"{shapes.noisy_layer(number)}.{part}"
    if match := _RGB.fullmatch(name):
        step, part = 0 if match[2] is None else int(match[2]) + 1, _PARTS.get(match[3])
        checks.whole("the number of a to_rgb", step, 0, 10)
        return part and f"b{4 * 2**step}.torgb.{part}"
    return None


def _arranged(own: str, array: np.ndarray) -> np.ndarray:
    """An array in our layout."""
    if own == CONST:
        return array.reshape(array.shape[-3:]).transpose(1, 2, 0)
    if own.endswith((".affine.weight",)) or own.startswith("mapping."):
        return array.T
    if own.endswith(".weight"):
        kernel = array.reshape(array.shape[-4:]).transpose(2, 3, 1, 0)
        # It enlarges maps by torch's transposed convolution, which reads its kernels the other way round.
        return kernel[::-1, ::-1] if ".conv0." in own else kernel
    if own.endswith(".noise_const"):
        return array.reshape(array.shape[-2:])
    return array.reshape(()) if own.endswith(".noise_strength") and array.size == 1 else array.reshape(-1)
