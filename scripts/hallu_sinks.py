"""List where the pictures can be shown besides the page, and what each needs.

`hallu serve --picture-out NAME...` or the OSC message `/image/output NAME` shows them there.
"""

import argparse
import sys
from collections.abc import Sequence

from scripts import frame

PROG = "hallu sinks"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    return frame.new_parser(PROG, __doc__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_list, parser().parse_args(argv), PROG)


def _list(_: argparse.Namespace) -> None:
    from renderer.sinks.catalog import CLASSES

    print("mjpeg   available: stream.mjpg after the page's address, for OBS, VLC and ffmpeg; always on")
    for name, sink in CLASSES.items():
        missing = sink.missing()
        print(f"{name:7} {f'not here: {missing}' if missing else 'available'}")


if __name__ == "__main__":
    sys.exit(main())
