"""The hyper-parameters of an exported model. Nothing here needs a backend to learn with, which is chosen after them."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.training.settings import EXPORTED
from renderer.biggan import model_formats
from renderer.biggan.config import Attention
from renderer.training import hparams


def settings(folder: Path) -> dict[str, Any]:
    """The hyper-parameters that a run has which begins with an exported model; others may still be set.

    Raises:
        FileNotFoundError: it is not such a folder.
        ValueError: it is damaged, or not of a size that the trainer knows.
    """
    if (folder / EXPORTED).exists():
        return asdict(hparams.read(folder)[0])
    config = model_formats.read_config(folder)
    return {
        "size": config.resolution,
        "start_size": config.resolution,
        "channel_width": config.channel_width,
        "z_dim": config.z_size,
        "attention_size": next((part.size for part in config.parts if isinstance(part, Attention)), 0),
    }
