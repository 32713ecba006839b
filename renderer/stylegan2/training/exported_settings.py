"""The hyper-parameters of an exported model. Nothing here needs a backend to learn with, which is chosen after them."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.training.settings import EXPORTED
from renderer.stylegan2.formats import own_format
from renderer.stylegan2.training import hparams


def settings(folder: Path) -> dict[str, Any]:
    """The hyper-parameters that a run has which begins with an exported model; others may still be set.

    Raises:
        FileNotFoundError: it is not such a folder.
        ValueError: it is damaged.
    """
    if (folder / EXPORTED).exists():
        return asdict(hparams.read(folder)[0])
    config = own_format.read_config(folder)
    most, least = max(config.channels), min(config.channels)
    between = [width * size for width, size in zip(config.channels, config.sizes, strict=True) if least < width < most]
    return {
        "size": config.resolution,
        "start_size": config.resolution,
        "channels": max(between, default=most * config.sizes[0]),
        "most_channels": most,
        "least_channels": least,
        "z_size": config.z_size,
        "w_size": config.w_size,
        "mapping_layers": config.mapping_layers,
        "mapping_rate": config.mapping_rate,
    }
