"""The flag --models DIR, and models by name."""

import argparse
from pathlib import Path

from core import families
from core.families import Kind
from core.flag_types import path
from server.settings import ServerSettings

SOUND: Kind = "sound"
IMAGE: Kind = "image"
FOLEY: Kind = "foley"


def add(parser: argparse.ArgumentParser, *kinds: Kind) -> None:
    """Add the flag, for models of these kinds; `folders` reads what it leaves in options.models."""
    what = " or ".join(f"{families.KIND_PLURALS[kind]} in {', '.join(sorted(_places(kind)))}" for kind in kinds)
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        action="extend",
        metavar="DIR",
        help=f"folders with {what} (default: those that ship, then the user's own)",
    )


def add_model(
    parser: argparse.ArgumentParser, what: str = "the model's name, or its folder", required: bool = True
) -> None:
    """Add --ckpt_dir, which holds a folder once it is read."""
    parser.add_argument("--ckpt_dir", type=model_folder, required=required, metavar="NAME", help=what)


def model_folder(text: str) -> Path:
    """The folder of a model that is given by its path, or by its name among those that ship and the user's own.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    given = path(text)
    if given.is_dir() or given.name != text:
        return given
    named = (model.folder for model in families.find(ServerSettings().models) if model.name == text)
    return next(named, given)


def folders(options: argparse.Namespace) -> tuple[Path, ...]:
    """The models folders, in the order in which they are searched.

    Raises:
        FileNotFoundError: one is missing.
    """
    return ServerSettings(models=tuple(options.models)).models if options.models else ServerSettings().models


def _places(kind: Kind) -> set[str]:
    return {f"DIR/{family.folder}/NAME" for family in families.families(kind)}
