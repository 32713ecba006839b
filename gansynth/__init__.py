"""The sound GAN: GANSynth checkpoints, generator, spectral transforms, hallucinations.

Importing this package does not load TensorFlow; `load` does.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gansynth.config import Config, find, read_config

if TYPE_CHECKING:
    from gansynth.model import Model

__all__ = ["Config", "find", "load", "read_config"]


def load(folder: str | Path) -> "Model":
    """Load a checkpoint folder; see `gansynth.model.load`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from gansynth import model

    return model.load(folder)
