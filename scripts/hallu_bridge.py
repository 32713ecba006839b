"""Let Pd here play a server on another machine: to Pd this is the server.

The server runs with `hallu serve --remote 7774`, and `hallu keys add NAME` there makes the key file. WAV files,
pictures and the page come home. It prints `ready HOST:PORT` as soon as Pd can connect; Ctrl-C stops it.

  hallu bridge machine.example.org --key laptop.key
  hallu bridge 127.0.0.1:7774 --no-key      (through ssh -L 7774:127.0.0.1:7774 machine)
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from scripts import frame

PROG = "hallu bridge"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    add = flags.add_argument
    add(
        "server",
        metavar="SERVER[:PORT]",
        help="the machine with the server, and the port of its --remote (default 7774)",
    )
    add("--key", type=frame.path, metavar="FILE", help="the key file (default: bridge.key in the user's data folder)")
    add("--no-key", action="store_true", help="for a server on this machine with --no-keys, such as the end of ssh -L")
    add("--host", default="127.0.0.1", help="address to listen on for Pd (default %(default)s: this machine only)")
    add("--port", type=int, default=7770, help="UDP port for Pd, 0 for any free one (default %(default)s)")
    add("--spool", type=frame.path, metavar="DIR", help="folder for audio files (default: in the user's data folder)")
    limit = "size of all audio files; beyond it the oldest go, but none younger than a minute (default 2048)"
    add("--spool-limit", type=partial(frame.whole, least=1), metavar="MB", help=limit)
    add("--pictures", type=frame.path, metavar="DIR", help="folder for pictures (default: in the user's data folder)")
    add("--page-port", type=int, metavar="PORT", help="port of the page here (default 7773, or any free one)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_bridge, parser().parse_args(argv), PROG)


def _bridge(options: argparse.Namespace) -> int:
    from server.remote.settings import BridgeSettings
    from server.remote.start import bridge

    given = {
        "key": options.key,
        "spool": options.spool,
        "spool_limit": options.spool_limit << 20 if options.spool_limit else None,
        "pictures": options.pictures,
        "page_port": options.page_port,
    }
    given = {name: value for name, value in given.items() if value is not None}
    settings = BridgeSettings.of(options.server, host=options.host, port=options.port, no_key=options.no_key, **given)
    return bridge(settings)


if __name__ == "__main__":
    sys.exit(main())
