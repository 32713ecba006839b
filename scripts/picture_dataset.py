"""Draw images of patterns, a folder for each class, to train an image model on; the seed decides them."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial

from core import checks
from core.progress import show_progress
from renderer.training import drawings
from renderer.training.drawings import folder as drawings_folder
from renderer.training.patterns import FAMILIES, folder
from scripts import frame

PROG = "picture_dataset"
# The lines of a drawing need some pixels.
_LEAST_SIZE, _LEAST_DRAWING_SIZE, _MOST_SIZE = 1, 16, 4096


def families(text: str) -> list[str]:
    """Names of families, separated by commas.

    Raises:
        argparse.ArgumentTypeError: there is no such family.
    """
    names = frame.names(text)
    if unknown := [name for name in names if name not in FAMILIES and name not in drawings.DRAWINGS]:
        raise argparse.ArgumentTypeError(f"there is no family {unknown[0]!r}; --list shows them")
    return names


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("out_dir", type=frame.path, nargs="?", help="a new folder")
    count = partial(frame.whole, least=1)
    flags.add_argument("--pictures", type=count, default=400, help="images of each family (default: 400)")
    flags.add_argument("--drawings", action="store_true", help="drawings instead of patterns: sharper, richer, larger")
    flags.add_argument("--size", type=count, help="pixels along an edge (default: 128; 256 for drawings)")
    flags.add_argument(
        "--every", type=count, default=1, metavar="N",
        help="draw only each Nth row and column of a pattern, at places that differ: for cips_train, which learns more "
        "from a few pixels of many pictures",
    )  # fmt: skip
    flags.add_argument(
        "--families", type=families, metavar="A,B,...", help="twice as many of one that is named twice (default: all)"
    )
    flags.add_argument("--seed", type=partial(frame.whole, least=0), default=0, help="of the images (default: 0)")
    flags.add_argument("--jobs", type=count, default=os.cpu_count() or 1, help="processes (default: one for each core)")
    flags.add_argument("--list", action="store_true", help="list the families and draw nothing")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    if not options.list and options.out_dir is None:
        parser().error("name a folder for the images")
    return frame.run(_list if options.list else _draw, options, PROG)


def _list(options: argparse.Namespace) -> None:
    for name, family in _families(options).items():
        print(f"{name:14}{(family.__doc__ or '').strip()}")


def _draw(options: argparse.Namespace) -> None:
    known = _families(options)
    names = options.families or list(known)
    if unknown := [name for name in names if name not in known]:
        kind = "drawing" if options.drawings else "pattern"
        raise ValueError(f"{unknown[0]} is not a {kind}; there are {', '.join(known)}")
    if options.drawings and options.every > 1:
        raise ValueError("--every is for patterns, not for --drawings")
    write: Callable[..., None] = partial(folder.write, every=options.every)
    size, least = 128, _LEAST_SIZE
    if options.drawings:
        write, size, least = drawings_folder.write, 256, _LEAST_DRAWING_SIZE
    size = checks.whole("--size", options.size or size, least, _MOST_SIZE, "pixels")
    with show_progress("image", "drawing") as progress:
        write(options.out_dir, names, options.pictures, size, options.seed, options.jobs, progress)
    counts = sorted({options.pictures * names.count(name) for name in names})
    several = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else counts[0]
    print(f"{options.out_dir}: {len(set(names))} classes of {several} images, seed {options.seed}")


def _families(options: argparse.Namespace) -> dict[str, Callable[..., object]]:
    """The families to choose from."""
    if options.drawings:
        return {name: drawing for name, (drawing, _) in drawings.DRAWINGS.items()}
    return dict(FAMILIES)


if __name__ == "__main__":
    sys.exit(main())
