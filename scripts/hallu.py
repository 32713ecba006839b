"""The `hallu` command: flags to settings, one line on stderr for what goes wrong, the only exit."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core import families
from core.errors import sentence
from scripts import hallu_hallucinate, hallu_tempo, hallu_visualize
from scripts.flags import models

Run = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 on success, 1 on failure, 2 on wrong usage, 130 when interrupted.
    """
    args = _parser().parse_args(argv)
    # TensorFlow reads these when it is imported; its notes on CPU features are nothing that a musician needs.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if args.debug else "3")
    level = logging.DEBUG if args.debug else logging.INFO
    logging.basicConfig(level=logging.WARNING, format="hallu: %(message)s", stream=sys.stderr)
    for name in ("server", "gansynth", "renderer"):
        logging.getLogger(name).setLevel(level)
    try:
        return args.run(args)
    except KeyboardInterrupt:
        return _say(args, "interrupted", 130)
    except Exception as error:
        if args.debug:
            raise
        return _say(args, sentence(error), 1)


def _say(args: argparse.Namespace, text: str, status: int) -> int:
    print(f"hallu {args.command}: {text}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hallu", description="Play the latent space of a GANSynth network from Pure Data, or any OSC client."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_add_demo, _add_serve, _add_send, _add_models):
        add(commands)
    for name, offline in (("hallucinate", hallu_hallucinate), ("visualize", hallu_visualize), ("tempo", hallu_tempo)):
        offline.add_flags(_command(commands, name, offline.run, offline.TEXT, offline.MORE))
    return parser


def _command(
    commands: argparse._SubParsersAction, name: str, run: Run, text: str, more: str = ""
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=text, description=f"{text} {more}".strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--debug", action="store_true", help="say more, and show where an error comes from")
    parser.set_defaults(run=run, command=name)
    return parser


def _add_serve(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "serve",
        _serve,
        "Run the live server that Pd talks to.",
        "It prints `ready HOST:PORT` as soon as it answers; models load behind that.\nCtrl-C stops it. Where it left"
        " off (slots, random numbers, model) is in a file, and it starts from there again.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default %(default)s: this machine only)"
    )
    parser.add_argument("--port", type=int, default=7770, help="UDP port, 0 for any free one (default %(default)s)")
    models.add(parser, models.SOUND, models.IMAGE)
    parser.add_argument(
        "--spool", type=Path, metavar="DIR", help="folder for audio files (default: in the user's data folder)"
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="state file (default: in the user's data folder)")
    parser.add_argument("--load", metavar="NAME", help="checkpoint to start with (default: the one loaded last)")
    parser.add_argument("--no-image", action="store_true", help="sound only: start no renderer")
    parser.add_argument(
        "--image-port",
        type=int,
        metavar="PORT",
        help="TCP port, and the one after it, for renderers (default 7771, or any two; 0: any two)",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="folder for snapshots and films (default: in the user's data folder)",
    )


def _serve(args: argparse.Namespace) -> int:
    from server.serve import serve
    from server.settings import Settings

    given = {"models": tuple(args.models) if args.models else None, "spool": args.spool, "state": args.state}
    given |= {"image_port": args.image_port, "pictures": args.pictures}
    options = {name: value for name, value in given.items() if value is not None}
    return serve(Settings(args.host, args.port, load=args.load, image=not args.no_image, **options))


def _add_send(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "send",
        _send,
        "Send one OSC message and print the replies until /done or /fail.",
        "Words that look like numbers are sent as numbers.\n\n  hallu send /status\n  hallu send /sound/load fluid\n"
        "  hallu send /sound/hallucinate mine 5 5",
    )
    parser.add_argument("address", nargs="?", metavar="ADDRESS", help="such as /status")
    parser.add_argument("args", nargs="*", metavar="ARG", help="its arguments")
    parser.add_argument("--host", default="127.0.0.1", help="where the server is (default %(default)s)")
    parser.add_argument("--port", type=int, default=7770, help="its UDP port (default %(default)s)")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds of silence to wait (default %(default)s)")
    parser.add_argument("--list", action="store_true", help="print all commands with their arguments and replies")
    parser.set_defaults(error=parser.error)


def _send(args: argparse.Namespace) -> int:
    from scripts.hallu_send import commands_list, send
    from server.osc.client import Client

    if args.list:
        print(commands_list())
        return 0
    if args.address is None:
        args.error("an ADDRESS is needed, such as /status (--list shows them all)")
    with Client(args.host, args.port, args.timeout) as client:
        return send(client, args.address, args.args)


def _add_models(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "models",
        _models,
        "List the checkpoints and picture models, or add one.",
        "Of checkpoints: name, pitches, latent size, length of a note in seconds, conditions, components files,\n"
        "folder. Of picture models: name, pixels, latent size, classes, components files, folder.",
    )
    models.add(parser, models.SOUND, models.IMAGE)
    actions = parser.add_subparsers(dest="action", metavar="add")
    adding = actions.add_parser(
        "add",
        help="install a checkpoint or a picture model",
        description="Install a sound model or an image model from a folder, a zip or a tar, or by name."
        f" Known names: {', '.join(families.known_models())}.",
    )
    adding.add_argument("source", metavar="PATH_OR_URL_OR_NAME", help="folder, zip, tar, http(s) address, or name")
    adding.add_argument("--name", metavar="NAME", help="what to call it (default: as it comes)")
    adding.add_argument("--to", type=Path, metavar="DIR", help="models folder to put it in (default: the user's own)")
    adding.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show where an error comes from"
    )


def _models(args: argparse.Namespace) -> int:
    from core.files.user_folders import user_models
    from core.install import install_model
    from scripts.shared import model_table

    if args.action == "add":
        place = install_model.add(args.source, args.to or user_models(), args.name)
        print(f"added {place.name} in {place}")
    else:
        print(model_table.table(models.folders(args)))
    return 0


def _add_demo(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "demo",
        _demo,
        "Show that everything works: play the whole instrument once, without Pd.",
        "It starts a server of its own on a free port, plays it over OSC, and leaves a sound and a picture.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="where they go (default %(default)s/)"
    )


def _demo(args: argparse.Namespace) -> int:
    from scripts.hallu_demo import demo

    return demo(args.out)


if __name__ == "__main__":
    sys.exit(main())
