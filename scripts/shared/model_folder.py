"""Which kind of model is in a folder, for the commands that accept sound models and image models."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import families
from scripts.flags import engine


def makes_images(folder: Path) -> bool:
    """Whether the model in a folder is an image model.

    Raises:
        FileNotFoundError: there is no model of either kind in it.
        ValueError: its settings break a rule.
    """
    family = families.family_of(folder)
    family.describe(folder)
    return family.kind == "image"


def checksum(folder: Path) -> str:
    """The checksum of the weights in a folder.

    Raises:
        FileNotFoundError: there are none.
    """
    return families.family_of(folder).checksum(folder)


def load(options: argparse.Namespace) -> Any:
    """The model in options.ckpt_dir, an `ImageModel` or a `SoundModel`.

    Raises:
        FileNotFoundError: there is no model in it.
        ValueError: a file breaks a rule; the message names it.
    """
    family = families.family_of(options.ckpt_dir)
    return family.load(options.ckpt_dir, **engine.given(options))


def refuse(options: argparse.Namespace, flags: Mapping[str, str], what_for: str, given: str) -> None:
    """See that flags {option: flag} of the other kind of model are not given.

    Raises:
        ValueError: one is.
    """
    for name, flag in flags.items():
        if getattr(options, name) not in (None, False):
            raise ValueError(f"{flag} is for {what_for}, and {options.ckpt_dir} is {given}")
