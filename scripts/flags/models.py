"""The flag --models DIR."""

import argparse
from pathlib import Path

from core import families
from core.families import Kind
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


def folders(options: argparse.Namespace) -> tuple[Path, ...]:
    """The models folders, in the order in which they are searched.

    Raises:
        FileNotFoundError: one is missing.
    """
    return ServerSettings(models=tuple(options.models)).models if options.models else ServerSettings().models


def _places(kind: Kind) -> set[str]:
    return {f"DIR/{family.folder}/NAME" for family in families.families(kind)}
