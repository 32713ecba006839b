"""Flags that the commands which make videos share, and the image model that they name."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.flags import engine, models

if TYPE_CHECKING:
    from core.protocols import ImageModel


def ranged(name: str) -> Callable[[str], float]:
    """A flag's type: a number in the range of the control of that name."""

    def read(text: str) -> float:
        from renderer.video.response import check

        try:
            return check(name, float(text))
        except ValueError as error:
            rule = str(error) if str(error).startswith(name) else f"{name} must be a number, not {text!r}"
            raise argparse.ArgumentTypeError(rule) from None

    return read


def add_model_flags(parser: argparse.ArgumentParser) -> None:
    """Add --model and --models."""
    parser.add_argument("--model", metavar="NAME", help="an image model's name or its folder (default: motifs)")
    models.add(parser, models.IMAGE)
    engine.add_engine(parser)


SHAPE = ("size", "fit", "sharpen")


def add_shape_flags(parser: argparse.ArgumentParser, usual: str, default: object = None) -> None:
    """Add --size, --fit and --sharpen; without a flag its value is `default`."""
    add = parser.add_argument
    add("--size", metavar="WxH", default=default, help=f"such as 1280x720, or a ratio such as 16:9 (default: {usual})")
    add(
        "--fit",
        choices=("mirror", "fill", "contain"),
        default=default,
        help="how square images fill it: mirrored at the edges (default), cropped, or with black bars",
    )
    add("--sharpen", type=float, metavar="X", default=default, help="after scaling, 0..4 (default 0: not at all)")


def given_shape(args: argparse.Namespace) -> dict[str, Any]:
    """Those of --size, --fit and --sharpen that are given."""
    return {name: getattr(args, name) for name in SHAPE if getattr(args, name) is not None}


def find_model(args: argparse.Namespace, name: str | None, resolution: int | None = None) -> Path:
    """The folder of an image model; without a name, of the first that is found: `motifs`.

    Raises:
        FileNotFoundError: there is no such model.
        ValueError: it has another resolution.
    """
    from renderer.image_models import choose

    return choose(models.folders(args), name, resolution)


def load_image_model(folder: Path, **options: str) -> "ImageModel":
    """Load an image model; `options` as of `core.families.load`.

    Raises:
        FileNotFoundError: there is none in the folder.
        ValueError: a file breaks a rule; the message names it.
    """
    from core import families

    model: ImageModel = families.load(folder, "image", **options)
    return model


def place(given: str | None, default: str, suffixes: tuple[str, ...]) -> Path:
    """The path of a video: a bare name goes into output/, and the first suffix is added where none of them is there."""
    path = Path(given or default).expanduser()
    if not given or not any(separator in given for separator in "/\\"):
        path = Path("output") / path
    return path if path.suffix.lower() in suffixes else path.with_name(f"{path.name}{suffixes[0]}")
