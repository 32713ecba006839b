"""Which kind of model lies in a folder: one of sounds or one of pictures."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganspace import files
from gansynth.config import is_checkpoint
from renderer import biggan
from renderer.biggan import model_formats as biggan_folders
from scripts import frame


def paints(folder: Path) -> bool:
    """Whether the model in a folder is one of pictures.

    Raises:
        FileNotFoundError: there is neither kind of model in it.
        ValueError: a picture model's config.json breaks a rule.
    """
    if is_checkpoint(folder):
        return False
    try:
        biggan.read_config(folder)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{folder} is no checkpoint of sounds (experiment.json and stage_* folders) "
            "and no picture model (config.json and weights)"
        ) from None
    return True


def checksum(folder: Path) -> str:
    """The checksum of the weights in a folder.

    Raises:
        FileNotFoundError: there are none.
    """
    return biggan_folders.checksum(folder) if paints(folder) else files.checksum(folder)


def load(options: argparse.Namespace) -> Any:
    """The model in options.ckpt_dir, a Model or a Painter.

    Raises:
        FileNotFoundError: there is neither.
        ValueError: a file breaks a rule; the message names it.
    """
    if not paints(options.ckpt_dir):
        return frame.load(options)
    frame.quiet(options)
    return biggan.load(options.ckpt_dir)


def refuse(options: argparse.Namespace, flags: Mapping[str, str], what_for: str, given: str) -> None:
    """See that flags {option: flag} of the other kind of model are not given.

    Raises:
        ValueError: one is.
    """
    for name, flag in flags.items():
        if getattr(options, name) not in (None, False):
            raise ValueError(f"{flag} is for {what_for}, and {options.ckpt_dir} is {given}")
