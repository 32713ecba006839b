"""Run the live server that Pd talks to.

It prints `ready HOST:PORT` as soon as it answers; models load after that. Ctrl-C stops it. Slots, random numbers and
the model are saved in a file, and the server starts from there again.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from core.commands.image import SINKS
from scripts import frame
from scripts.flags import engine, models

PROG = "hallu serve"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    add = flags.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default %(default)s: this machine only)")
    add("--port", type=int, default=7770, help="UDP port, 0 for any free one (default %(default)s)")
    models.add(flags, models.SOUND, models.IMAGE)
    add("--spool", type=frame.path, metavar="DIR", help="folder for audio files (default: in the user's data folder)")
    limit = "size of all audio files; beyond it the oldest go, but none younger than a minute (default 2048)"
    add("--spool-limit", type=partial(frame.whole, least=1), metavar="MB", help=limit)
    add("--state", type=frame.path, metavar="FILE", help="state file (default: in the user's data folder)")
    add("--load", metavar="NAME", help="checkpoint to start with (default: the one loaded last)")
    engine.add(flags)
    add("--no-image", action="store_true", help="sound only: render no images")
    add(
        "--announce",
        action=argparse.BooleanOptionalAction,
        help="announce the server on the local network, with zeroconf (default: if others can reach it)",
    )
    add("--no-page", action="store_true", help="serve no page, and render no images")
    add(
        "--image-port",
        type=int,
        metavar="PORT",
        help="TCP port for renderers, which use the next one too (default 7771, or any two; 0: any two)",
    )
    add(
        "--picture-out",
        nargs="+",
        metavar="NAME",
        choices=SINKS,
        help=f"show the pictures in other programs too: {', '.join(SINKS)} (hallu sinks says which can be used here)",
    )
    add("--picture-size", metavar="WxH", help="their size there (default 1280x720); 1:1: as rendered")
    add(
        "--remote",
        type=int,
        metavar="PORT",
        help="let bridges and renderers connect from other machines, with a key (`hallu keys add`): "
        "TCP port for bridges, such as 7774; 0: any free one (default: nobody)",
    )
    add(
        "--no-keys",
        action="store_true",
        help="bridges need no key; they connect from this machine only (ssh -L)",
    )
    _add_rooms(flags)
    add("--page-host", metavar="HOST", help="address of the renderer's page (default: this machine only)")
    add(
        "--pictures",
        type=frame.path,
        metavar="DIR",
        help="folder for snapshots and videos (default: in the user's data folder)",
    )
    add("--tied", action="store_true", help="end when standard input ends: with the program that started it")
    return flags


def _add_rooms(flags: argparse.ArgumentParser) -> None:
    add = flags.add_argument
    add(
        "--rooms",
        nargs="?",
        const="host",
        choices=("host", "client"),
        help="rooms with slots, edits, random numbers, model and sessions of their own: one for each machine that "
        "plays (host, which --rooms alone means), or for each of its programs (client); /room NAME goes into another "
        "one (default: all share one)",
    )
    add("--most-rooms", type=partial(frame.whole, least=1), metavar="N", help="rooms in memory at a time (default 64)")
    engines = "processes that compute for the rooms but main (default: one for each four cores; 1: the server's own)"
    add("--engines", type=partial(frame.whole, least=1), metavar="N", help=engines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_serve, parser().parse_args(argv), PROG)


def _serve(options: argparse.Namespace) -> int:
    from server.serve import serve
    from server.settings import ServerSettings

    given = {
        "models": tuple(options.models) if options.models else None,
        "spool": options.spool,
        "spool_limit": options.spool_limit << 20 if options.spool_limit else None,
        "state": options.state,
        "image_port": options.image_port,
        "pictures": options.pictures,
        "page_host": options.page_host,
        "picture_out": tuple(options.picture_out) if options.picture_out else None,
        "picture_size": options.picture_size,
        "remote": options.remote,
        "rooms": options.rooms,
        "most_rooms": options.most_rooms,
        "engines": options.engines,
        **engine.given(options),
    }
    if options.no_keys and options.remote is None:
        raise ValueError("--no-keys is for --remote PORT")
    for flag, value in (("--most-rooms", options.most_rooms), ("--engines", options.engines)):
        if value and not options.rooms:
            raise ValueError(f"{flag} is for --rooms")
    given = {name: value for name, value in given.items() if value is not None}
    return serve(
        ServerSettings(
            options.host,
            options.port,
            load=options.load,
            image=not options.no_image,
            remote_keys=not options.no_keys,
            page=not options.no_page,
            announce=options.announce,
            tied=options.tied,
            **given,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
