"""--models DIR, as the command lines take it."""

import argparse
from pathlib import Path

from server.settings import Settings

CHECKPOINTS, PICTURES = "checkpoints in DIR/gansynth/NAME", "picture models in DIR/biggan/NAME"


def add(parser: argparse.ArgumentParser, *what: str) -> None:
    """Add the flag; `folders` reads what it leaves in options.models. `what` of CHECKPOINTS, PICTURES is searched."""
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        action="extend",
        metavar="DIR",
        help=f"folders with {' and '.join(what)} (default: those that ship, then the user's own)",
    )


def folders(options: argparse.Namespace) -> tuple[Path, ...]:
    """The models folders, in the order in which they are searched.

    Raises:
        FileNotFoundError: one is missing.
    """
    return Settings(models=tuple(options.models)).models if options.models else Settings().models
