"""Convert a StyleGAN2 of NVIDIA's, rosinality's or AIART's programs into a smaller folder that loads quickly."""

import argparse
import sys
from collections.abc import Sequence

from scripts import frame

PROG = "stylegan2_convert"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("source", type=frame.path, help="a .pkl, a .pt, the prefix of an AIART checkpoint, or a folder")
    flags.add_argument("folder", type=frame.path, help="the new folder, such as models/stylegan2/NAME")
    flags.add_argument(
        "--float32", action="store_true", help="keep full precision (float16 changes images by a few thousandths)"
    )
    flags.add_argument(
        "--classes", type=frame.names, default=[], metavar="A,B,...",
        help="keep only these classes, and truncate each towards its own average",
    )  # fmt: skip
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_convert, parser().parse_args(argv), PROG)


def _convert(options: argparse.Namespace) -> None:
    from renderer import stylegan2
    from renderer.stylegan2.formats import own_format

    stylegan2.convert(options.source, options.folder, "float32" if options.float32 else "float16", options.classes)
    config = own_format.read_config(options.folder)
    size = sum(path.stat().st_size for path in options.folder.iterdir())
    print(f"{options.folder}: {config.resolution} px, {config.num_classes} classes, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
