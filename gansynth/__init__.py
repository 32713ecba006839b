"""The sound GAN: GANSynth checkpoints, generator, spectral transforms, hallucinations."""

from pathlib import Path
from typing import TYPE_CHECKING

from gansynth.config import Config, find, read_config

if TYPE_CHECKING:
    from gansynth.model import Model

__all__ = ["Config", "find", "load", "read_config"]


def load(folder: str | Path, *, engine: str = "openvino", precision: str = "f32") -> "Model":
    """Load a checkpoint folder; see `gansynth.model.load`."""
    from gansynth import model

    return model.load(folder, engine=engine, precision=precision)
