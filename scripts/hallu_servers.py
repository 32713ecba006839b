"""List the servers on the local network.

These are servers of this program, and any other that speaks OSC or OSCQuery. A server announces itself where it listens
beyond this machine (`hallu serve --page-host 0.0.0.0`), or with --announce.
"""

import argparse
import sys
from collections.abc import Sequence

from scripts import frame

PROG = "hallu servers"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument(
        "--seconds", type=float, default=3.0, metavar="S", help="how long to listen, 0.1..60 (default %(default)g)"
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_list, parser().parse_args(argv), PROG)


def _list(options: argparse.Namespace) -> None:
    from core import checks, discovery
    from core.discovery import OSC

    checks.in_range("--seconds", options.seconds, 0.1, 60.0)
    found = discovery.find(options.seconds)
    for service in found:
        where = f"osc udp {service.hosts[0]}:{service.port}"
        address = where if service.kind == OSC else f"page http://{service.hosts[0]}:{service.port}/"
        print(f"{service.name}\t{address}")
    if not found:
        print("no server has answered; one is listed where it was started with --announce or --page-host")


if __name__ == "__main__":
    sys.exit(main())
