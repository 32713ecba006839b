"""The .pkl files of NVIDIA's StyleGAN2-ADA in PyTorch: a dict of networks, of which G_ema is played.

Source: torch_utils/persistence.py and training/networks.py of NVlabs/stylegan2-ada-pytorch. A network is a call with a
dict of its class's name, its source text, which is not read, and its state. Half-precision blocks are computed in
float32, which moves a picture by a few thousandths.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from core import checks
from core.formats.records import Record
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import shapes
from renderer.stylegan2.weights import Arrays

_CALL = "torch_utils.persistence._reconstruct_persistent_obj"
_ARCHITECTURES = {"skip": "skip", "resnet": "resid", "orig": "orig"}
_LARGEST_DEPTH = 8
_FILTER = np.outer((1, 3, 3, 1), (1, 3, 3, 1)) / 64.0
_OURS = re.compile(r"(?:synthesis\.)?(b\d+\.(?:const|(?:conv0|conv1|torgb|skip)\..+)|mapping\..+)")


def is_checkpoint(value: Any) -> bool:
    """Whether a pickle's value has such networks."""
    return isinstance(value, dict) and "G_ema" in value


def read(value: Any) -> tuple[StyleGan2Config, Arrays]:
    """The generator of a pickle's value.

    Raises:
        ValueError: it is not a StyleGAN2, or has a setting that cannot be computed; the message names it.
    """
    modules = dict(_modules("", value["G_ema"], 0))
    if "mapping" not in modules or "synthesis.b4" not in modules:
        raise ValueError("its G_ema is not a StyleGAN2")
    arrays: dict[str, np.ndarray | None] = {}
    for place, state in modules.items():
        _check(place, state)
        for kind in ("_parameters", "_buffers"):
            for name, array in _items(state.get(kind)):
                if isinstance(array, np.ndarray) and (match := _OURS.fullmatch(f"{place}.{name}")):
                    arrays[match[1]] = _arranged(array, name, up=place.endswith(".conv0"))
    found = shapes.present(arrays)
    _without_noise(found, modules)
    block, layer = modules["synthesis.b4"], modules.get("synthesis.b4.conv1", {})
    architecture = checks.one_of("architecture", block.get("architecture"), tuple(_ARCHITECTURES))
    clamp = layer.get("conv_clamp")
    rate = modules.get("mapping.fc0", {}).get("bias_gain", 0.01)
    return shapes.config(
        found,
        "embed",
        architecture=_ARCHITECTURES[architecture],
        clamp=None if clamp is None else float(checks.number("conv_clamp", clamp)),
        mapping_rate=float(checks.number("the mapping's bias_gain", rate)),
    ), found


def _modules(place: str, module: Any, depth: int) -> Any:
    """The states of a module and those below it, by place: "synthesis.b4.conv1"."""
    if depth > _LARGEST_DEPTH:
        raise ValueError(f"its modules are nested more than {_LARGEST_DEPTH} deep")
    if not isinstance(module, Record) or module.kind != _CALL or len(module.args) != 1:
        raise checks.mismatch(f"the module {place or 'G_ema'}", "be a network of this program", module)
    state = dict(_items(module.args[0])).get("state")
    state = dict(_items(state))
    yield place, state
    for name, below in _items(state.get("_modules")):
        if below is not None:
            yield from _modules(f"{place}.{name}" if place else str(name), below, depth + 1)


def _items(value: Any) -> list[tuple[str, Any]]:
    """The items of a dict, or of a record that is one."""
    value = value.items if isinstance(value, Record) else value
    return list(value.items()) if isinstance(value, dict) else []


def _check(place: str, state: Mapping[str, Any]) -> None:
    """Check that settings that change what is computed are the usual ones."""
    activation = "linear" if place.endswith((".affine", ".embed", ".skip")) else "lrelu"
    checks.one_of(f"the activation of {place}", state.get("activation", activation), (activation,))
    kernel = dict(_items(state.get("_buffers"))).get("resample_filter")
    if isinstance(kernel, np.ndarray) and (kernel.shape != (4, 4) or not np.allclose(kernel, _FILTER)):
        raise checks.mismatch(f"resample_filter of {place}", "be that of 1, 3, 3, 1", kernel.tolist())


def _arranged(array: np.ndarray, name: str, up: bool) -> np.ndarray:
    """An array of torch in our layout."""
    if array.ndim == 4:
        kernel = array.transpose(2, 3, 1, 0)
        # It enlarges maps by torch's transposed convolution, which reads its kernels the other way round.
        return kernel[::-1, ::-1] if up else kernel
    if name == "const":
        return array.transpose(1, 2, 0)
    return array.T if name == "weight" else array


def _without_noise(arrays: Arrays, modules: Mapping[str, Mapping[str, Any]]) -> None:
    """Give layers that were trained without noise inputs a noise of strength 0."""
    for place, state in modules.items():
        if state.get("use_noise") is False:
            name, size = place.removeprefix("synthesis."), checks.whole("resolution", state.get("resolution"), 4, 2048)
            arrays[f"{name}.noise_strength"] = np.zeros((), np.float32)
            arrays[f"{name}.noise_const"] = np.zeros((size, size), np.float32)
