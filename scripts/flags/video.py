"""What the flags of `hallu visualize` and `hallu tempo` share: values in range, models, a painter, a bar."""

import argparse
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.flags import models

if TYPE_CHECKING:
    from core.protocols import ImageModel

log = logging.getLogger(__name__)


def ranged(name: str) -> Callable[[str], float]:
    """A flag's type: a number in the range of the dial of that name."""

    def read(text: str) -> float:
        from renderer.video.response import check

        try:
            return check(name, float(text))
        except ValueError as error:
            rule = str(error) if str(error).startswith(name) else f"{name} must be a number, not {text!r}"
            raise argparse.ArgumentTypeError(rule) from None

    return read


def add_model_flags(parser: argparse.ArgumentParser) -> None:
    """--model, --models."""
    parser.add_argument(
        "--model", metavar="NAME", help="an image model's name or its folder (default: the one that ships)"
    )
    models.add(parser, models.IMAGE)


def find_model(args: argparse.Namespace, name: str | None, resolution: int | None = None) -> Path:
    """The folder of the image model that is meant.

    Raises:
        FileNotFoundError: there is none like it.
        ValueError: it has another resolution.
    """
    from renderer.image_models import choose

    return choose(models.folders(args), name, resolution)


def load_painter(folder: Path) -> "ImageModel":
    """A painter, without TensorFlow's notes to developers."""
    from server.quiet import import_tensorflow

    import_tensorflow()
    from core import families

    painter: ImageModel = families.load(folder, "image")
    return painter


def seed_of(given: int | None) -> int:
    """The given seed, or a new one, which is told."""
    if given is not None:
        return given
    seed = secrets.randbelow(2**31)
    log.info("--seed %d repeats this one", seed)
    return seed


def place(given: str | None, default: str, suffixes: tuple[str, ...]) -> Path:
    """Where a film goes: a bare name into output/; what has none of the suffixes gets the first."""
    path = Path(given or default).expanduser()
    if not given or not any(separator in given for separator in "/\\"):
        path = Path("output") / path
    return path if path.suffix.lower() in suffixes else path.with_name(f"{path.name}{suffixes[0]}")
