"""Weights of a GANSynth checkpoint: which stage, which iteration, the generator's averaged variables.

Magenta trains in stages (even: stable, odd: a new resolution fades in) and plays from the exponential moving averages
of the generator's variables, together with the image counter `global_step`, from which the fade follows.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gansynth.config import Config

Weights = dict[str, np.ndarray]

_GENERATOR = "Generator/progressive_gan_generator/progressive_gan_block_"
_EMA = "/ExponentialMovingAverage"


@dataclass(frozen=True)
class Checkpoint:
    """A generator ready to run.

    `weights` maps "conv0_1/kernel", "conv0_1/bias", "to_rgb_7/kernel", ... (part_block) to float32 arrays, kernels as
    [height, width, in, out]. `blocks` is how many blocks the stage has; `progress` runs from 0 to blocks - 1.
    """

    weights: Weights
    blocks: int
    progress: float
    path: Path


def load(config: Config) -> Checkpoint:
    """Read the latest iteration of the latest stage that has one.

    Raises:
        FileNotFoundError: no stage has a complete checkpoint.
        ValueError: a variable is missing, or of another shape than config says; the message names it.
    """
    stage, prefix = latest(config.folder)
    blocks = (stage + 1) // 2 + 1
    if blocks > config.num_resolutions:
        raise ValueError(f"{prefix}: stage {stage} has {blocks} blocks; num_resolutions is {config.num_resolutions}")
    reader, weights = _open(prefix), {}
    for name in expected_shapes(config, blocks):
        weights[name] = _read(reader, _variable(name), prefix)
    _check_shapes(weights, config, blocks, prefix)
    counter = int(_read(reader, "global_step", prefix))
    return Checkpoint(weights, blocks, progress_at(counter, config, blocks), prefix)


def save(folder: Path, weights: Weights, config: Config, counter: int) -> Path:
    """Write the generator's averaged weights as Magenta would at the end of the last stage.

    Args:
        folder: the checkpoint folder; experiment.json is the caller's.
        weights: named as in `Checkpoint`, unscaled.
        config: tells the number of blocks.
        counter: images seen, the iteration's number.

    Returns:
        The checkpoint's prefix.
    """
    import tensorflow as tf

    stage = folder / f"stage_{2 * config.num_resolutions - 2:05d}"
    stage.mkdir(parents=True, exist_ok=True)
    prefix = stage / f"model.ckpt-{counter}"
    tensors = {"global_step": np.int64(counter)} | {_variable(name): value for name, value in weights.items()}
    names = sorted(tensors)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(tensors[name]) for name in names],
    )
    (stage / "checkpoint").write_text(f'model_checkpoint_path: "{prefix.name}"\n', encoding="utf-8")
    return prefix


def latest(folder: Path) -> tuple[int, Path]:
    """Stage number and checkpoint prefix of the newest complete checkpoint in a folder.

    Stages and iterations are compared as numbers: 10346312 is later than 9912344. The text file `checkpoint` is not
    asked, since it may hold a path of the training machine.

    Raises:
        FileNotFoundError: there is none.
    """
    stages = [
        (int(match[1]), path) for path in folder.glob("stage_*") if (match := re.fullmatch(r"stage_(\d+)", path.name))
    ]
    for stage, path in sorted(stages, reverse=True):
        found = [
            (int(match[1]), index.with_suffix(""))
            for index in path.glob("model.ckpt-*.index")
            if (match := re.fullmatch(r"model\.ckpt-(\d+)\.index", index.name))
            and any(path.glob(index.stem + ".data-*-of-*"))
        ]
        if found:
            return stage, max(found)[1]
    raise FileNotFoundError(
        f"{folder} has no stage with a checkpoint (stage_NNNNN/model.ckpt-N.index and its data file)"
    )


def progress_at(counter: int, config: Config, blocks: int) -> float:
    """Training progress after `counter` images: k - 1 while block k is stable, fractions while it fades in."""
    if not config.train_progressive:
        return blocks - 1.0
    stable, transition = config.stable_stage_num_images, config.transition_stage_num_images
    counter = min(counter, blocks * stable + (blocks - 1) * transition - 1)
    whole, rest = divmod(counter, stable + transition)
    return whole + max(0.0, (rest - stable) / transition)


def _variable(name: str) -> str:
    """The averaged TensorFlow variable behind a name such as "conv0_3/kernel"."""
    part, block, kind = re.fullmatch(r"(.+)_(\d+)/(.+)", name).groups()  # type: ignore[union-attr]
    return f"{_GENERATOR}{block}/{part}/{'conv2d/' if kind == 'kernel' else ''}{kind}{_EMA}"


def _open(prefix: Path) -> Any:
    import tensorflow as tf

    try:
        return tf.train.load_checkpoint(str(prefix))
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise ValueError(f"{prefix} is no readable TensorFlow checkpoint: {str(error).splitlines()[0]}") from None


def _read(reader: Any, name: str, prefix: Path) -> np.ndarray:
    import tensorflow as tf

    if not reader.has_tensor(name):
        raise ValueError(f"{prefix} has no variable {name}")
    try:
        return reader.get_tensor(name)
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        raise ValueError(f"{prefix}: {name} cannot be read: {str(error).splitlines()[0]}") from None


def _check_shapes(weights: Weights, config: Config, blocks: int, prefix: Path) -> None:
    for name, shape in expected_shapes(config, blocks).items():
        if weights[name].shape != shape:
            raise ValueError(f"{prefix}: {name} has shape {weights[name].shape}; the settings ask for {shape}")


def expected_shapes(config: Config, blocks: int) -> dict[str, tuple[int, ...]]:
    """The shape of each weight, from the settings."""
    shapes: dict[str, tuple[int, ...]] = {}
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
