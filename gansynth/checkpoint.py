"""Weights of a GANSynth checkpoint: which stage, which iteration, the generator's averaged variables.

Magenta trains in stages (even: stable, odd: a new resolution fades in) and plays from the exponential moving averages
of the generator's variables, together with the image counter `global_step`, from which the fade follows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.files.regular import sha256
from core.formats import checkpoint_files, safetensors_file, tensor_bundle
from gansynth import variables
from gansynth.conditions import CONDITIONS
from gansynth.config import META, SETTINGS, Config
from gansynth.config import blocks_of as blocks_of

Weights = dict[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Checkpoint:
    """A generator ready to run.

    `weights` maps "conv0_1/kernel", "conv0_1/bias", "to_rgb_7/kernel", ... (part_block) to float32 arrays, kernels as
    [height, width, in, out]. `blocks` is how many blocks the stage has; `progress` runs from 0 to blocks - 1;
    `checksum` is that of `checksum`, "" where they were not read from a file.
    """

    weights: Weights
    blocks: int
    progress: float
    path: Path
    checksum: str = ""


def load(config: Config) -> Checkpoint:
    """Read the latest iteration of the latest stage that has one.

    Raises:
        FileNotFoundError: no stage has a complete checkpoint.
        ValueError: a variable is missing, or of another shape than config says; the message names it.
    """
    stage, prefix = latest(config.folder)
    blocks = blocks_of(stage)
    if blocks > config.num_resolutions:
        rule = f"num_resolutions is {config.num_resolutions}{_without_settings(config)}"
        raise ValueError(f"{prefix}: stage {stage} has {blocks} blocks; {rule}")
    shapes = expected_shapes(config, blocks)
    tensors = read_for_playing(prefix, shapes)
    counter = tensors.pop(variables.COUNTER)
    weights = {name: tensors[variables.averaged(name)] for name in shapes}
    check_shapes(weights, shapes, prefix, _without_settings(config))
    if wrong := [name for name in shapes if weights[name].dtype.kind != "f"]:
        raise ValueError(f"{prefix}: {wrong[0]} holds {weights[wrong[0]].dtype}; it must hold floating-point numbers")
    if counter.shape or counter.dtype.kind not in "iu":
        raise ValueError(f"{prefix}: {variables.COUNTER} must be a whole number")
    return Checkpoint(weights, blocks, progress_at(int(counter), config, blocks), prefix, _checksum_of(prefix))


def read_for_playing(prefix: Path, shapes: Iterable[str]) -> Weights:
    """The averaged weights of a save, and the image counter, by their names in a checkpoint.

    Raises:
        ValueError: one is missing or damaged.
    """
    names = [*map(variables.averaged, shapes), variables.COUNTER]
    path = checkpoint_files.single(prefix)
    if not path:
        reader = tensor_bundle.Reader(prefix)
        return {name: reader.read(name) for name in names}
    found = safetensors_file.widened(safetensors_file.read(path))
    if missing := [name for name in names if name not in found]:
        raise ValueError(f"{path} has no variable {missing[0]}")
    return {name: found[name] for name in names}


def save(folder: Path, weights: Weights, config: Config, counter: int, half: bool = False) -> Path:
    """Write the generator's averaged weights as Magenta would at the end of the last stage.

    Args:
        folder: the checkpoint folder; experiment.json is the caller's.
        weights: named as in `Checkpoint`, unscaled.
        config: gives the number of blocks.
        counter: images seen, the iteration's number.
        half: in half precision, as a .safetensors file, which Magenta cannot read.

    Returns:
        The checkpoint's prefix.
    """
    tensors = {variables.averaged(name): value for name, value in weights.items()}
    stage = stage_folder(folder, 2 * config.num_resolutions - 2)
    tensors |= {variables.COUNTER: np.asarray(counter, np.int64)}
    if half:
        return checkpoint_files.write_single(stage, counter, safetensors_file.halved(tensors))
    return checkpoint_files.write(stage, counter, tensors)


def stage_folder(folder: Path, stage: int) -> Path:
    """Where Magenta keeps the checkpoints of a stage."""
    return folder / f"stage_{stage:05d}"


def stages(folder: Path) -> dict[int, Path]:
    """The folders of stages, empty ones too, in ascending order."""
    found = {
        int(match[1]): path for path in folder.glob("stage_*") if (match := re.fullmatch(r"stage_(\d+)", path.name))
    }
    return dict(sorted(found.items()))


def latest(folder: Path) -> tuple[int, Path]:
    """Stage number and checkpoint prefix of the newest complete checkpoint in a folder.

    Stages and iterations are compared as numbers: 10346312 is later than 9912344. The text file `checkpoint` is not
    asked, since it may hold a path of the training machine.

    Raises:
        FileNotFoundError: there is none.
    """
    for stage, path in reversed(stages(folder).items()):
        if saves := checkpoint_files.saves(path):
            return stage, saves[max(saves)]
    raise FileNotFoundError(
        f"{folder} has no weights: no stage with a checkpoint (stage_NNNNN/model.ckpt-N.index and its data file)"
    )


def checksum(folder: Path) -> str:
    """The SHA-256 of the newest checkpoint's index, which holds a checksum of each tensor's data; hexadecimal.

    Of a checkpoint in a single file it is that file's.

    Raises:
        FileNotFoundError: the folder has no complete checkpoint.
    """
    return _checksum_of(latest(folder)[1])


def _checksum_of(prefix: Path) -> str:
    path = checkpoint_files.single(prefix) or prefix.with_name(f"{prefix.name}.index")
    return sha256(path)


def progress_at(counter: float, config: Config, blocks: int) -> float:
    """Training progress after `counter` images: k - 1 while block k is stable, fractions while it fades in."""
    if not config.train_progressive:
        return blocks - 1.0
    stable, transition = config.stable_stage_num_images, config.transition_stage_num_images
    counter = min(counter, blocks * stable + (blocks - 1) * transition - 1)
    whole, rest = divmod(counter, stable + transition)
    return whole + max(0.0, (rest - stable) / transition)


def _without_settings(config: Config) -> str:
    """What to add to an error about settings that are not in the folder."""
    missing = [name for name in (SETTINGS, META) if not (config.folder / name).exists()]
    if not missing:
        return ""
    names = " and no ".join(missing)
    return f"; the folder has no {names}, so these are Magenta's defaults: copy it from the training run"


def check_shapes(weights: Mapping[str, np.ndarray], shapes: Shapes, where: object, hint: str = "") -> None:
    """Compare weights with the shapes that the settings ask for; `where` begins the message, `hint` ends it.

    Raises:
        ValueError: one differs; the message names it.
    """
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise ValueError(f"{where}: {name} has shape {weights[name].shape}; the settings ask for {shape}{hint}")


def expected_shapes(config: Config, blocks: int) -> Shapes:
    """The shape of each weight of the generator, from the settings."""
    shapes: Shapes = {}
    size, inputs = config.kernel_size, config.latent_size + config.label_size
    for block in range(1, blocks + 1):
        channels = config.num_filters(block)
        first = (config.start_height, config.start_width) if block == 1 else (size, size)
        shapes[f"conv0_{block}/kernel"] = (*first, inputs, channels)
        shapes[f"conv1_{block}/kernel"] = (size, size, channels, channels)
        shapes[f"to_rgb_{block}/kernel"] = (1, 1, channels, 2)
        shapes |= {f"conv0_{block}/bias": (channels,), f"conv1_{block}/bias": (channels,), f"to_rgb_{block}/bias": (2,)}
        inputs = channels
    return shapes


def discriminator_shapes(config: Config, blocks: int) -> Shapes:
    """The shape of each weight of the discriminator, from the settings."""
    shapes: Shapes = {}
    size, last = config.kernel_size, config.num_filters(0)
    for block in range(1, blocks + 1):
        channels, below = config.num_filters(block), config.num_filters(block - 1)
        shapes[f"from_rgb_{block}/kernel"] = (1, 1, 2, channels)
        shapes[f"conv0_{block}/kernel"] = (size, size, channels, channels)
        shapes[f"conv1_{block}/kernel"] = (size, size, channels, below)
    # Block 1 has the batch's deviation as one channel more, and ends in one pixel.
    first = config.num_filters(1)
    shapes["conv0_1/kernel"] = (size, size, first + 1, first)
    shapes["conv1_1/kernel"] = (config.start_height, config.start_width, first, last)
    heads = {"logits": 1, "classification_logits": len(config.pitches)}
    heads |= {f"{name}_logits": CONDITIONS[name].width for name in config.conditions}
    shapes |= {f"{head}/kernel": (last, width) for head, width in heads.items()}
    biases = {name.replace("kernel", "bias"): shape[-1:] for name, shape in shapes.items()}
    return shapes | biases
