"""Settings of a run: YAML files, the last one wins, with dotted settings on top; the original's, or ours.

Ours have `model.target` (codebook, transformer or vocoder), `model.params` (the network's shape, as in config.json) and
`training` (see the hyper-parameters of each network). Of a released config, the model, its losses, the batch size and
the learning rate count; the rest names files and programs that are not needed here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import checks
from core.formats import yaml_file
from specvqgan import run_folder

KINDS = ("codebook", "transformer", "vocoder")
# How the original's configs name them: the ends of class paths.
_TARGETS = {"VQModel": "codebook", "Net2NetTransformer": "transformer"}
# The original's settings of losses, by ours.
_LOSSES = {"disc_start": "adversarial_start", "disc_weight": "adversarial_weight", "codebook_weight": "codebook_weight",
           "perceptual_weight": "perceptual_weight", "disc_num_layers": "discriminator_layers",
           "disc_ndf": "discriminator_width"}  # fmt: skip
_ONLY = {"disc_conditional": False, "use_actnorm": False, "disc_in_channels": 1, "disc_factor": 1.0,
         "min_adapt_weight": 1.0, "max_adapt_weight": 1.0, "disc_loss": "hinge", "pixelloss_weight": 1.0}  # fmt: skip


@dataclass(frozen=True)
class RunConfig:
    """Which network, its settings as `from_run` of its config module takes them, and hyper-parameters by name."""

    kind: str
    network: dict[str, Any]
    training: dict[str, Any]


def presets() -> dict[str, Path]:
    """The configs that ship, by name."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "configs").glob("*.yaml"))}


def read(files: Iterable[Path], changes: Sequence[tuple[str, Any]] = ()) -> RunConfig:
    """Read settings.

    Args:
        files: YAML, merged in this order.
        changes: dotted names and values, such as ("model.params.codes", 64).

    Raises:
        FileNotFoundError: a file does not exist.
        ValueError: a file or a value breaks a rule.
    """
    merged: Any = {}
    for file in files:
        merged = run_folder.merge(merged, yaml_file.read_object(file))
    for name, value in changes:
        merged = run_folder.merge(merged, _nested(name.split("."), value))
    return parse(merged)


def change(text: str) -> tuple[str, Any]:
    """A dotted setting: NAME=VALUE, where the value is YAML.

    Raises:
        ValueError: it is something else.
    """
    name, equals, value = text.partition("=")
    if not equals or not all(name.split(".")):
        raise ValueError(f"a setting must be NAME=VALUE, such as training.rate=0.001, not {text!r}")
    return name, yaml_file.parse(value)


def parse(settings: Mapping[str, Any]) -> RunConfig:
    """Settings as the files nest them.

    Raises:
        ValueError: a value is missing or breaks a rule.
    """
    model = _mapping("model", settings.get("model"))
    target = checks.of_kind("model.target", model.get("target"), str)
    training = _mapping("training", settings.get("training") or {})
    params = _mapping("model.params", model.get("params") or {})
    if target in KINDS:
        _refuse_others("", settings, ("model", "training"))
        _refuse_others("model.", model, ("target", "params"))
        return RunConfig(target, dict(params), dict(training))
    kind = checks.one_of("the last word of model.target", target.rpartition(".")[2], (*KINDS, *_TARGETS))
    return RunConfig(_TARGETS[kind], dict(settings), {**_of_original(settings, model, params), **training})


def _of_original(settings: Mapping[str, Any], model: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters that a released config names."""
    data = _mapping("data.params", (settings.get("data") or {}).get("params") or {})
    found: dict[str, Any] = {}
    if "batch_size" in data:
        found["batch_size"] = checks.of_kind("data.params.batch_size", data["batch_size"], int)
    if "base_learning_rate" in model:
        rate = checks.of_kind("model.base_learning_rate", model["base_learning_rate"], float)
        found["rate"] = rate * found.get("batch_size", 1)
    losses = _mapping("lossconfig", params.get("lossconfig") or {}).get("params") or {}
    for name, value in losses.items():
        if name in _ONLY:
            checks.one_of(name, value, (_ONLY[name],))
        elif name in _LOSSES:
            found[_LOSSES[name]] = value
    if losses:
        found["original_loss"] = True
    return found


def _nested(names: Sequence[str], value: Any) -> dict[str, Any]:
    return {names[0]: _nested(names[1:], value) if len(names) > 1 else value}


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise checks.mismatch(name, "be a mapping of settings", value)
    return value


def _refuse_others(prefix: str, settings: Mapping[str, Any], known: Sequence[str]) -> None:
    if others := sorted(set(settings) - set(known)):
        raise ValueError(
            f"there is no setting {prefix}{others[0]}; there are {', '.join(prefix + one for one in known)}"
        )
