"""List, make or remove keys for bridges and renderers on other machines.

A program on another machine needs a key file. `hallu keys add NAME` writes NAME.key: copy it there, by a safe way, and
start `hallu bridge HOST --key NAME.key`, so that Pd plays there, or for pictures
`python -m renderer --server tcp://HOST:7771 --key NAME.key`. The server here runs with `hallu serve --remote 7774`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts import frame

PROG = "hallu keys"


def parser() -> argparse.ArgumentParser:
    """The flags, and those of `add` and `remove`."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument(
        "--keys",
        type=frame.path,
        metavar="DIR",
        help="folder of the server's keys (default: in the user's data folder)",
    )
    flags.set_defaults(work=_list)
    actions = flags.add_subparsers(metavar="ACTION")
    add = actions.add_parser("add", help="make keys for a program on another machine")
    add.add_argument("name", metavar="NAME", help="what to call it")
    add.add_argument("--out", type=frame.path, metavar="FILE", help="the key file (default: NAME.key)")
    frame.add_debug(add, default=argparse.SUPPRESS)
    add.set_defaults(work=_add)
    remove = actions.add_parser("remove", help="let a program connect no longer")
    remove.add_argument("name", metavar="NAME", help="its name")
    frame.add_debug(remove, default=argparse.SUPPRESS)
    remove.set_defaults(work=_remove)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    return frame.run(options.work, options, PROG)


def _folder(options: argparse.Namespace) -> Path:
    from core.files.user_folders import data_dir
    from server.settings import KEYS

    return options.keys or data_dir() / KEYS


def _list(options: argparse.Namespace) -> None:
    from server.link.keyring import Keyring

    ring = Keyring(_folder(options))
    if ring.unstored:
        raise OSError(f"there are no keys, and none can be stored: {ring.unstored}")
    print(f"server {ring.public}")
    for name, public in ring.names().items():
        print(f"{name} {public}")


def _add(options: argparse.Namespace) -> None:
    from renderer.ipc import keys
    from server.link.keyring import Keyring

    ring = Keyring(_folder(options))
    ring.check(options.name)
    out = options.out or Path(f"{options.name}.key")
    frame.refuse_existing(out)
    made = ring.add(options.name)
    try:
        keys.write(out, made)
    except BaseException:
        # Nobody has them, and the name must be free for the next try.
        ring.remove(options.name)
        raise
    print(f"{out} holds the keys; whoever has this file can connect")


def _remove(options: argparse.Namespace) -> None:
    from server.link.keyring import Keyring

    Keyring(_folder(options)).remove(options.name)
    print(f"removed {options.name}; its bridge or renderer is disconnected within seconds")


if __name__ == "__main__":
    sys.exit(main())
