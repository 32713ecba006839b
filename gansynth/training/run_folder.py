"""A GANSynth run on disk: every variable that Magenta saves, under its names, so that both can resume either's runs.

What Magenta does not have (the exact number of Adam's steps, learned latents) is beside it under names of ours, which
its loader ignores.
"""

import math
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path

import numpy as np

from core import checks
from core.formats import checkpoint_files, tensor_bundle
from core.training.settings import EXPORTED
from gansynth import checkpoint, variables
from gansynth.checkpoint import Shapes, Weights
from gansynth.config import Config
from gansynth.training import continuation
from gansynth.training.continuation import EXTRA
from gansynth.training.state import AdamMoments, SoundState

Betas = tuple[float, float]
Rename = Callable[[str], str]
BETAS = (0.0, 0.99)
NETWORKS = ("generator", "discriminator")


def save(folder: Path, state: SoundState, config: Config, stage: int, *, keep: int = 3, betas: Betas = BETAS) -> Path:
    """Write a run's state as stage_NNNNN/model.ckpt-IMAGES, whole or not at all.

    Args:
        folder: the run folder; experiment.json is the caller's.
        state: what to save; its arrays may belong to any backend.
        config: gives the shapes.
        stage: its number in Magenta, 0 to 2 * num_resolutions - 2.
        keep: how many saves of this stage are kept, beside the last one of each earlier stage, with which Magenta
            begins the next.
        betas: Adam's, from which Magenta's accumulators follow.

    Returns:
        The save's prefix.

    Raises:
        ValueError: the state does not have the blocks of the stage, or the weights or shapes that config asks for.
    """
    checks.in_range("keep", keep, 1)
    if checkpoint.blocks_of(stage) != state.blocks:
        raise ValueError(f"stage {stage} has {checkpoint.blocks_of(stage)} blocks; the state has {state.blocks}")
    tensors = _counters(state, betas)
    for part, (shapes, variable) in _parts(config, state.blocks).items():
        weights = {name: np.asarray(value) for name, value in attrgetter(part)(state).items()}
        _check(weights, shapes, part)
        tensors |= {variable(name): value for name, value in weights.items()}
    tensors |= {EXTRA + name: np.asarray(value) for name, value in state.extra.items()}
    prefix = checkpoint_files.write(checkpoint.stage_folder(folder, stage), state.images, tensors)
    for number, path in checkpoint.stages(folder).items():
        if number <= stage:
            _prune(path, keep if number == stage else 1)
    return prefix


def restore(folder: Path, config: Config, *, betas: Betas = BETAS) -> SoundState:
    """Read the latest save of a run, ours or Magenta's; one shrunk to what playing needs with `continuation`'s file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged, has been shrunk to what playing needs alone, or does not fit config.
    """
    stage, prefix = checkpoint.latest(folder)
    if _is_shrunk(prefix):
        return continuation.read(folder, config, stage, prefix)
    reader, blocks = tensor_bundle.Reader(prefix), checkpoint.blocks_of(stage)
    names = reader.sizes()
    found = _read_parts(reader, config, blocks)

    def moments(network: str) -> AdamMoments:
        return AdamMoments(found[f"{network}_adam.m"], found[f"{network}_adam.v"], _read_steps(reader, network, betas))

    return SoundState(
        generator=found["generator"],
        discriminator=found["discriminator"],
        average=found["average"],
        generator_adam=moments("generator"),
        discriminator_adam=moments("discriminator"),
        blocks=blocks,
        images=int(reader.read(variables.COUNTER)),
        extra={name.removeprefix(EXTRA): reader.read(name) for name in names if name.startswith(EXTRA)},
    )


def can_continue(folder: Path) -> bool:
    """Whether the latest save of a run holds more than what playing needs, or has `continuation`'s file beside it.

    Raises:
        FileNotFoundError: there is no save.
        ValueError: it is damaged.
    """
    _, prefix = checkpoint.latest(folder)
    return (folder / EXPORTED).exists() or not _is_shrunk(prefix)


def _is_shrunk(prefix: Path) -> bool:
    """Whether a save holds only what playing needs."""
    single = checkpoint_files.single(prefix)
    return bool(single) or all(map(variables.is_for_playing, tensor_bundle.Reader(prefix).sizes()))


def _read_parts(reader: tensor_bundle.Reader, config: Config, blocks: int) -> dict[str, Weights]:
    """The weights and moments of a save, by part; see `_parts`."""
    found: dict[str, Weights] = {}
    for part, (shapes, variable) in _parts(config, blocks).items():
        found[part] = {name: reader.read(variable(name)) for name in shapes}
        checkpoint.check_shapes(found[part], shapes, reader.prefix)
    return found


def _read_steps(reader: tensor_bundle.Reader, network: str, betas: Betas) -> int:
    """The number of Adam's steps; in a save of Magenta's it follows from its accumulators."""
    if _steps(network) in reader.sizes():
        return int(reader.read(_steps(network)))
    return _steps_after(reader.read(variables.powers(network)[1]), betas)


def _parts(config: Config, blocks: int) -> dict[str, tuple[Shapes, Rename]]:
    """The parts of a SoundState that hold weights: their shapes, and the variable behind each name."""
    shapes = {
        "generator": checkpoint.expected_shapes(config, blocks),
        "discriminator": checkpoint.discriminator_shapes(config, blocks),
    }
    trained: dict[str, Rename] = {"generator": variables.generator, "discriminator": variables.discriminator}
    parts = {network: (shapes[network], trained[network]) for network in NETWORKS}
    for network in NETWORKS:
        for slot, moment in (("m", variables.first_moment), ("v", variables.second_moment)):
            parts[f"{network}_adam.{slot}"] = (shapes[network], _after(trained[network], moment))
    return parts | {"average": (shapes["generator"], variables.averaged)}


def _after(first: Rename, second: Rename) -> Rename:
    return lambda name: second(first(name))


def _counters(state: SoundState, betas: Betas) -> Weights:
    """The counters, as scalars. The training time is only for Magenta's train_time_limit."""
    counters: Weights = {
        variables.COUNTER: np.asarray(state.images, np.int64),
        variables.TRAIN_TIME: np.zeros((), np.float32),
    }
    for network in NETWORKS:
        steps = attrgetter(f"{network}_adam.steps")(state)
        counters[_steps(network)] = np.asarray(steps, np.int64)
        for beta, name in zip(betas, variables.powers(network), strict=True):
            counters[name] = np.asarray(beta ** (steps + 1), np.float32)
    return counters


def _steps(network: str) -> str:
    return f"hallu/{network}_adam/steps"


def _steps_after(power: np.ndarray, betas: Betas) -> int:
    """The number of steps after which Magenta's second accumulator has reached `power`, which is beta2 ** (steps + 1).

    In float32 it reaches 0 after about ten thousand steps with 0.99; from there on the number no longer matters.
    """
    tiny = float(np.finfo(np.float32).smallest_subnormal)
    return round(math.log(max(float(power), tiny)) / math.log(betas[1])) - 1


def _check(weights: Mapping[str, np.ndarray], shapes: Shapes, part: str) -> None:
    if wrong := sorted(set(weights) ^ set(shapes)):
        raise ValueError(f"{part}: {wrong[0]} is {'missing' if wrong[0] in shapes else 'not one of its weights'}")
    checkpoint.check_shapes(weights, shapes, part)


def _prune(stage: Path, keep: int) -> None:
    for prefix in list(checkpoint_files.saves(stage).values())[:-keep]:
        checkpoint_files.remove(prefix)
