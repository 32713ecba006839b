"""The .pkl files of NVIDIA's StyleGAN2 in TensorFlow: three networks (G, D, Gs), of which Gs is played.

Source: dnnlib/tflib/network.py of NVlabs/stylegan2, versions 2 to 4 of a network's state; names and shapes of variables
from training/networks_stylegan2.py. The source text that each network carries is not read.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from core import checks
from core.formats.records import Record
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import shapes
from renderer.stylegan2.network import LABELS
from renderer.stylegan2.weights import AVERAGE, CONST, Arrays

_NETWORK = "Network"
_MAIN, _SYNTHESIS = ("G_main",), ("G_synthesis_stylegan2", "G_synthesis_stylegan_revised")
_ARCHITECTURES = {"skip": "skip", "resnet": "resid", "orig": "orig"}
_DENSE = re.compile(r"Dense(\d+)/(weight|bias)")
_NOISE = re.compile(r"noise(\d+)")
_LAYER = re.compile(r"(?:(\d+)x\d+/)?(Conv0_up|Conv1|Conv|ToRGB|ToRGB_lod0|Skip)/(\w+)")
_LAYERS = {
    "Conv0_up": "conv0",
    "Conv1": "conv1",
    "Conv": "conv1",
    "ToRGB": "torgb",
    "ToRGB_lod0": "torgb",
    "Skip": "skip",
}
_PARTS = {
    "weight": "weight",
    "bias": "bias",
    "mod_weight": "affine.weight",
    "mod_bias": "affine.bias",
    "noise_strength": "noise_strength",
}


def read(value: Any) -> tuple[StyleGan2Config, Arrays]:
    """The generator of a pickle's value.

    Raises:
        ValueError: it is not a StyleGAN2, or has a setting that cannot be computed; the message names it.
    """
    networks = value if isinstance(value, tuple) else ()
    if len(networks) != 3 or not all(isinstance(one, Record) and one.kind.endswith(_NETWORK) for one in networks):
        raise ValueError("it does not hold the three networks G, D, Gs")
    state = _state(networks[2])
    parts = {name: _state(part) for name, part in _dict(state.get("components"), "components").items()}
    for name, function, known in (("Gs", state, _MAIN), ("synthesis", parts.get("synthesis", {}), _SYNTHESIS)):
        checks.one_of(f"the function of {name}", function.get("build_func_name"), known)
    if "mapping" not in parts:
        raise ValueError("it has no mapping network")
    arrays = {AVERAGE: _variables(state).get("dlatent_avg")}
    arrays |= _mapping_arrays(_variables(parts["mapping"]))
    settings = {**_settings(parts["mapping"]), **_settings(parts["synthesis"])}
    synthesis = _variables(parts["synthesis"])
    resolution = checks.whole("resolution", settings.get("resolution", 1024), 4)
    arrays |= _synthesis_arrays(synthesis, resolution)
    found = shapes.present(arrays)
    revised = parts["synthesis"]["build_func_name"] == _SYNTHESIS[1]
    return shapes.config(
        found, "concat", architecture=_architecture(settings, revised), mapping_rate=_rate(settings)
    ), found


def _state(network: Any) -> dict[str, Any]:
    if not isinstance(network, Record):
        raise checks.mismatch("a network", "be a Network", network)
    state = _dict(network.state, "a network's state")
    checks.one_of("the version of a network's state", state.get("version"), (2, 3, 4))
    return state


def _settings(state: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a network; those that change what it computes must be the usual ones."""
    kwargs = state.get("static_kwargs")
    settings = dict(kwargs.items) if isinstance(kwargs, Record) else dict(_dict(kwargs, "static_kwargs"))
    usual = {
        "nonlinearity": "lrelu",
        "mapping_nonlinearity": "lrelu",
        "normalize_latents": True,
        "resample_kernel": [1, 3, 3, 1],
    }
    for key, only in usual.items():
        value = settings.get(key, only)
        checks.one_of(key, list(value) if isinstance(value, tuple) else value, (only,))
    return settings


def _architecture(settings: Mapping[str, Any], revised: bool) -> str:
    if revised:
        return "orig"
    return _ARCHITECTURES[checks.one_of("architecture", settings.get("architecture", "skip"), tuple(_ARCHITECTURES))]


def _rate(settings: Mapping[str, Any]) -> float:
    return float(checks.number("mapping_lrmul", settings.get("mapping_lrmul", 0.01)))


def _mapping_arrays(variables: Mapping[str, np.ndarray]) -> dict[str, np.ndarray | None]:
    found: dict[str, np.ndarray | None] = {LABELS: variables.get("LabelConcat/weight")}
    for name, value in variables.items():
        if match := _DENSE.fullmatch(name):
            found[f"mapping.fc{int(match[1])}.{match[2]}"] = value
    return found


def _synthesis_arrays(variables: Mapping[str, np.ndarray], resolution: int) -> dict[str, np.ndarray | None]:
    const = variables.get("4x4/Const/const")
    found: dict[str, np.ndarray | None] = {}
    if const is not None:
        found[CONST] = checks.shape("4x4/Const/const", const, (1, "channels", 4, 4))[0].transpose(1, 2, 0)
    for name, value in variables.items():
        if match := _LAYER.fullmatch(name):
            size, layer, part = match[1] or resolution, _LAYERS[match[2]], _PARTS.get(match[3])
            if part:
                found[f"b{size}.{layer}.{part}"] = value + np.float32(1) if part == "affine.bias" else value
        elif match := _NOISE.fullmatch(name):
            found[f"{shapes.noisy_layer(int(match[1]))}.noise_const"] = value.reshape(value.shape[-2:])
    return found


def _variables(state: Mapping[str, Any]) -> dict[str, np.ndarray]:
    variables = state.get("variables")
    if not isinstance(variables, list):
        raise checks.mismatch("a network's variables", "be a list", variables)
    found = {}
    for entry in variables:
        if not (isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)):
            raise checks.mismatch("a variable", "be a name and an array", entry)
        found[entry[0]] = np.asarray(entry[1])
    return found


def _dict(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise checks.mismatch(name, "be a dict", value)
    return value
