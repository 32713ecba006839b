"""Play the latent space of a GANSynth network from Pure Data, or any OSC client."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from core import errors
from scripts import frame

PROG = "hallu"
# Subcommands: what they do. Each is the module scripts.hallu_NAME, which is imported when the subcommand is used.
COMMANDS = {
    "demo": "Show that everything works: play the whole instrument once, without Pd.",
    "serve": "Run the live server that Pd talks to.",
    "servers": "List the servers on the local network.",
    "send": "Send one OSC message and print the replies until /done or /fail.",
    "models": "List the installed models, add one, or remove one.",
    "bridge": "Let Pd here play a server on another machine: to Pd this is the server.",
    "keys": "List, make or remove keys for bridges and renderers on other machines.",
    "sinks": "List where the pictures can be shown besides the page, and what each needs.",
    "pd": "Say where the Pure Data patches are, put them where Pd finds them, or open one.",
    "hallucinate": "Make a hallucination without a server.",
    "match": "Find the latent vectors whose notes come nearest to recorded sounds.",
    "visualize": "Make a video of a song: pitches choose an image model's classes, loudness and onsets move its noise.",
    "react": "Make a video of a song in which the whole song moves the image: its parts, harmony, drums and level.",
    "foley": "Give a film, or pictures, a sound.",
    "tempo": "Make a video loop in tempo: groups of an image model's axes swing with the beat, without a seam.",
}


def parser() -> ArgumentParser:
    """The flags and the names of the subcommands, which have parsers of their own."""
    flags = frame.Parser(prog=PROG, description=__doc__)
    flags.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    names = flags.add_subparsers(metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        names.add_parser(name, help=text)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; its exit status, see `frame.run`."""
    words = sys.argv[1:] if argv is None else list(argv)
    if not words or words[0] not in COMMANDS:
        # Help, the version, or wrong usage: each ends here.
        parser().parse_args(words)
    # Ctrl-C may come while a subcommand's modules are read, which takes seconds on a busy machine.
    return errors.exit_status(lambda: _run(words), f"hallu {words[0]}", debug=True)


def _run(words: Sequence[str]) -> int:
    status: int = import_module(f"scripts.hallu_{words[0]}").main(words[1:])
    return status


def _version() -> str:
    try:
        return version("hallu")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
