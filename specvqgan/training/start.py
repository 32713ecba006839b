"""The network that a run begins with: a released run folder, a folder of MelGAN's, or one of ours; nothing is executed.

Shapes come from the folder, and so do the discriminators where it has them. Settings of its training come from it too,
below those that a run is given; a setting that would be another network is refused.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core import checks
from specvqgan import run_folder
from specvqgan.codebook import config as codebook_config
from specvqgan.codebook import discriminator as patches
from specvqgan.codebook import weights as codebook_weights
from specvqgan.training import run_config
from specvqgan.training.run_config import RunConfig
from specvqgan.transformer import config as transformer_config
from specvqgan.transformer import weights as transformer_weights
from specvqgan.vocoder import config as vocoder_config
from specvqgan.vocoder import discriminators
from specvqgan.vocoder import weights as vocoder_weights

if TYPE_CHECKING:
    from core.training.trees import Tree

CODEBOOK, TRANSFORMER, VOCODER = run_config.KINDS
# The discriminators of a folder of MelGAN's, and how args.yml names settings of a run.
_JUDGES = ("best_netD.pt", "netD.pt")
_ARGS = {"batch_size": "batch_size", "lambda_feat": "feature_weight", "num_D": "discriminators",
         "ndf": "discriminator_width", "n_layers_D": "discriminator_layers"}  # fmt: skip
_SHAPES = ("discriminators", "discriminator_width", "discriminator_layers")


class _Kind(NamedTuple):
    """The functions of a kind of network."""

    format: str
    from_run: Callable[[Mapping[str, Any]], Any]
    to_json: Callable[[Any], dict[str, Any]]
    from_original: Callable[[Mapping[str, np.ndarray], Any], dict[str, np.ndarray]]


_KINDS = {
    CODEBOOK: _Kind(codebook_config.FORMAT, codebook_config.from_run, codebook_config.to_json,
                    codebook_weights.from_original),
    TRANSFORMER: _Kind(transformer_config.FORMAT, transformer_config.from_run, transformer_config.to_json,
                       transformer_weights.from_original),
    VOCODER: _Kind(vocoder_config.FORMAT, vocoder_config.from_run, vocoder_config.to_json,
                   vocoder_weights.from_original),
}  # fmt: skip


@dataclass(frozen=True)
class Start:
    """A trained network.

    Attributes:
        kind: of `run_config.KINDS`.
        place: the folder.
        network: its shape, as config.json has it.
        training: hyper-parameters that the folder names.
        shapes: those of them that its discriminators have.
        tree: branches of a run's tree: "model", and "discriminator" and "averages" where the folder has them.
        codebook: the folder of its codebook, where it has one: of a transformer.
    """

    kind: str
    place: Path
    network: dict[str, Any]
    training: dict[str, Any]
    tree: "Tree"
    shapes: tuple[str, ...] = ()
    codebook: Path | None = None


@dataclass(frozen=True)
class _Judges:
    """Discriminators that a folder has: their branches of a tree, and their shape by hyper-parameters."""

    tree: "Tree" = field(default_factory=dict)
    shapes: Mapping[str, int] = field(default_factory=dict)


def read(place: Path, kind: str | None = None) -> Start:
    """Read a trained network.

    Args:
        place: its folder; one of its checkpoints; a foley model, which has all three.
        kind: of network; None: that of the folder. A released transformer has a codebook in it.

    Raises:
        FileNotFoundError: there is none.
        ValueError: a file is damaged, or it is another kind of network; the message names it.
    """
    folder = place / kind if kind and run_folder.is_run(place / kind) else place
    run = run_folder.read(folder)
    try:
        found = kind_of(run.config)
        if kind not in (None, found) and not (kind == CODEBOOK and found == TRANSFORMER and "model" in run.config):
            raise ValueError(f"it is a {found}, not a {kind}")
        kind = kind or found
        parts = _KINDS[kind]
        network = parts.from_run(run.config)
        weights = parts.from_original(run.weights, network)
        training = _training(run.config, network) if kind == found else {}
        judges = _judges(kind, run, training)
    except ValueError as error:
        raise ValueError(f"{run.path}: {error}") from None
    return Start(
        kind,
        folder,
        json.loads(json.dumps(parts.to_json(network))),
        {**training, **judges.shapes},
        {"model": weights} | judges.tree,
        tuple(judges.shapes),
        _codebook(place, folder, run.config) if kind == TRANSFORMER else None,
    )


def kind_of(config: Mapping[str, Any]) -> str:
    """Which kind of network the settings of a folder are of.

    Raises:
        ValueError: of none.
    """
    if "format" in config:
        formats = {parts.format: kind for kind, parts in _KINDS.items()}
        return formats[checks.one_of("format", config["format"], tuple(formats))]
    return run_config.parse(config).kind if "model" in config else VOCODER


def settle(start: Start, files: Iterable[Path], changes: Sequence[tuple[str, Any]]) -> RunConfig:
    """The settings of a run that begins with a network.

    Args:
        start: the network.
        files: YAML, of which only the training counts; none: the folder's own, or where it has none the preset's.
        changes: dotted names and values, on top.

    Raises:
        ValueError: the files are another network's, or a change would make it another one.
    """
    # Where neither says how to train, the preset does.
    files = list(files) or ([] if start.training else [run_config.presets()[start.kind]])
    given = run_config.read(files).training if files else {}
    # First weights that are aligned would be replaced.
    given = {name: value for name, value in given.items() if name not in (*start.shapes, "aligned")}
    for name, value in changes:
        given |= _changed(start, name, value)
    if start.codebook:
        given = {"codebook": str(start.codebook), **given}
    return RunConfig(start.kind, dict(start.network), {**start.training, **given})


def _changed(start: Start, name: str, value: Any) -> dict[str, Any]:
    """The hyper-parameter that a dotted name sets; none where it says what the network is anyway."""
    part, _, key = name.rpartition(".")
    checks.one_of("with --start_from, the beginning of a setting", part, ("training", "model.params"))
    shape = part == "model.params"
    fixed = start.network if shape else {known: start.training[known] for known in start.shapes}
    if shape and key not in fixed:
        raise ValueError(f"there is no setting {name}; there are {', '.join(fixed)}")
    if key in fixed and value != fixed[key]:
        raise checks.mismatch(key, f"be {fixed[key]}, as in {start.place}", value)
    return {} if shape else {key: value}


def _training(config: Mapping[str, Any], network: Any) -> dict[str, Any]:
    """Hyper-parameters that the settings of a folder name."""
    if "format" in config:
        return {}
    if "model" in config:
        return run_config.parse(config).training
    found = {ours: checks.of_kind(key, config[key], int) for key, ours in _ARGS.items() if key in config}
    if "seq_len" in config:
        found["frames"] = checks.of_kind("seq_len", config["seq_len"], int) // network.hop
    return found


def _judges(kind: str, run: run_folder.Run, training: Mapping[str, Any]) -> _Judges:
    """The discriminators of a folder; none where it has none."""
    named = {key: training[key] for key in _SHAPES if key in training}
    if kind == CODEBOOK and any(name.startswith(patches.PREFIX) for name in run.weights):
        shape = patches.PatchConfig(
            named.get("discriminator_width", patches.PatchConfig.width),
            named.get("discriminator_layers", patches.PatchConfig.layers),
        )
        learned, averages = patches.divided(patches.from_original(run.weights, shape))
        shapes = {"discriminator_width": shape.width, "discriminator_layers": shape.layers}
        return _Judges({"discriminator": learned, "averages": averages}, shapes)
    path = next((run.path.parent / name for name in _JUDGES if (run.path.parent / name).is_file()), None)
    if kind != VOCODER or path is None:
        return _Judges()
    usual = discriminators.DiscriminatorConfig()
    shapes = {"discriminators": usual.count, "discriminator_width": usual.width, "discriminator_layers": usual.layers}
    shapes |= named
    config = discriminators.DiscriminatorConfig(*shapes.values())
    try:
        return _Judges({"discriminator": discriminators.from_original(run_folder.read_weights(path), config)}, shapes)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def _codebook(place: Path, folder: Path, config: Mapping[str, Any]) -> Path | None:
    """The codebook that belongs to a transformer: within its checkpoint, or beside it in a foley model."""
    if "model" in config:
        return folder
    beside = place / CODEBOOK if folder != place else folder.parent / CODEBOOK
    return beside if run_folder.is_run(beside) else None
