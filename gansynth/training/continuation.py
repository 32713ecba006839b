"""Go on training from a folder that was shrunk for playing: the discriminator and learned latents in a file beside it.

The file, training.safetensors, is in half precision. What it leaves out begins again: Adam's moments at zero, and the
generator at its moving average, which is what plays.
"""

from pathlib import Path

import numpy as np

from core.formats import safetensors_file
from core.training.settings import EXPORTED
from gansynth import checkpoint, variables
from gansynth.config import Config
from gansynth.training.state import AdamMoments, SoundState

# Before the names of what Magenta does not have.
EXTRA = "hallu/extra/"
# The ends of the names of Adam's moments among them.
MOMENTS = ("/m", "/v")


def write(folder: Path, state: SoundState) -> Path:
    """Write the file of a run; its path.

    Raises:
        ValueError: a number is not finite, or too large for half precision.
    """
    tensors = {variables.discriminator(name): np.asarray(value) for name, value in state.discriminator.items()}
    tensors |= {EXTRA + name: np.asarray(value) for name, value in state.extra.items() if not name.endswith(MOMENTS)}
    safetensors_file.write(folder / EXPORTED, safetensors_file.halved(tensors))
    return folder / EXPORTED


def read(folder: Path, config: Config, stage: int, prefix: Path) -> SoundState:
    """The state with which training goes on from a folder that has the file.

    Args:
        folder: the run folder.
        config: gives the shapes.
        stage: of its latest save.
        prefix: of that save, which holds what playing needs.

    Raises:
        ValueError: there is no such file, or it does not fit config.
    """
    if not (folder / EXPORTED).exists():
        raise ValueError(f"{prefix} holds only what playing needs; training cannot resume from it without {EXPORTED}")
    blocks = checkpoint.blocks_of(stage)
    shapes = checkpoint.expected_shapes(config, blocks)
    playing = checkpoint.read_for_playing(prefix, shapes)
    average = {name: playing[variables.averaged(name)] for name in shapes}
    found = safetensors_file.widened(safetensors_file.read(folder / EXPORTED))
    discriminator = _discriminator(folder / EXPORTED, found, checkpoint.discriminator_shapes(config, blocks))
    latents = {name.removeprefix(EXTRA): value for name, value in found.items() if name.startswith(EXTRA)}
    moments = {name + slot: np.zeros_like(value) for name, value in latents.items() for slot in MOMENTS}
    return SoundState(
        generator={name: value.copy() for name, value in average.items()},
        discriminator=discriminator,
        average=average,
        generator_adam=AdamMoments.zeros(average),
        discriminator_adam=AdamMoments.zeros(discriminator),
        blocks=blocks,
        images=int(playing[variables.COUNTER]),
        extra=latents | moments,
    )


def _discriminator(path: Path, found: checkpoint.Weights, shapes: checkpoint.Shapes) -> checkpoint.Weights:
    if missing := [name for name in shapes if variables.discriminator(name) not in found]:
        raise ValueError(f"{path} has no variable {variables.discriminator(missing[0])}")
    weights = {name: found[variables.discriminator(name)] for name in shapes}
    checkpoint.check_shapes(weights, shapes, path)
    return weights
