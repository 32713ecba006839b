"""The frame of every command: its flags' types, its log, one line for an error, its exit status.

A command is a file with `PROG`, its name; `parser()`; and `main(argv)`, which parses and calls `run`.
"""

import argparse
import contextlib
import logging
import math
import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from core import errors, flag_types, output, progress, signals
from core.flag_types import path as path  # the type of flags that are paths
from scripts.flags import engine

if TYPE_CHECKING:
    from gansynth.model import Model

log = logging.getLogger(__name__)

# Packages whose messages a user sees; of others only warnings.
PACKAGES = ("core", "gansynth", "specvqgan", "ganspace", "renderer", "server", "scripts")


def new_parser(prog: str, text: str | None, **options: Any) -> argparse.ArgumentParser:
    """A parser for the command `prog`, with --debug.

    Args:
        prog: the command's name.
        text: what it does, in paragraphs; lines that begin with a space stay as they are.
        options: others of ArgumentParser.
    """
    flags = Parser(prog=prog, description=text, formatter_class=_Paragraphs, **options)
    add_debug(flags)
    return flags


class Parser(argparse.ArgumentParser):
    """A parser that refuses empty paths and names, and whose help may lose its reader, as in `hallu --help | head`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        flag_types.refuse_empty(self)

    def add_subparsers(self, **options: Any) -> Any:
        """Add a choice of subcommands, as ArgumentParser does; each reads its own words."""
        found = super().add_subparsers(**options)
        found.type = str
        return found

    def exit(self, status: int = errors.OK, message: str | None = None) -> NoReturn:
        """End the program, as ArgumentParser does."""
        if message:
            self._print_message(message, sys.stderr)
        output.drop_unwritable()
        sys.exit(status)


def add_debug(flags: argparse.ArgumentParser, **options: Any) -> None:
    """Add --debug to a parser, as `new_parser` does; `options` are others of add_argument."""
    flags.add_argument("--debug", action="store_true", help="say more, and show where an error comes from", **options)


class _Paragraphs(argparse.HelpFormatter):
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.strip().split("\n\n")
        filled = [
            one if one.startswith(" ") else super(_Paragraphs, self)._fill_text(one, width, indent)
            for one in paragraphs
        ]
        return "\n\n".join(filled)


def run(
    work: Callable[[argparse.Namespace], int | None],
    options: argparse.Namespace,
    prog: str,
    *,
    timed_log: TextIO | None = None,
) -> int:
    """Do a command's work.

    Args:
        work: what to do with the options; it returns an exit status, or None for 0.
        options: what the command's parser returned.
        prog: the command's name, for messages.
        timed_log: where the log of long work goes, each line with its time; None: to stderr, without times.

    Returns:
        The exit status: 0 for success, 1 after an error, which is one line on stderr, or a traceback with --debug; 130
        after Ctrl-C. SIGTERM and a closed terminal end the program, with the status that a shell reports, after it has
        cleaned up. Wrong usage has ended it with 2, in the parser.
    """
    _set_up_logs(prog, options.debug, timed_log)
    with signals.kept():
        signals.clean_up_first()
        return errors.exit_status(lambda: work(options), prog, options.debug)


def _set_up_logs(prog: str, debug: bool, timed: TextIO | None) -> None:
    # TensorFlow reads this when it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if debug else "3")
    form = f"{prog}: %(message)s" if timed is None else "%(asctime)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, datefmt="%H:%M:%S", handlers=[_LogLines(timed)])
    for name in PACKAGES:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.INFO)


class _LogLines(logging.Handler):
    """Log messages as lines that leave a progress bar whole."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        # Work goes on when nobody reads its log any longer.
        with contextlib.suppress(OSError):
            progress.write(self.format(record), self._stream)


class Stop:
    """Ctrl-C, or a closed terminal, for long work that saves before it ends; a second Ctrl-C ends it at once."""

    def __init__(self) -> None:
        self._number = 0
        signals.on_end(self._asked)

    def __bool__(self) -> bool:
        return bool(self._number)

    @property
    def status(self) -> int:
        """The exit status: 130 after Ctrl-C."""
        return errors.INTERRUPTED if self._number == signal.SIGINT else errors.OK

    def _asked(self, number: int, frame: object) -> None:
        progress.write("stopping after this step; the run is saved", sys.stdout)
        self._number = number
        signal.signal(signal.SIGINT, signal.default_int_handler)


def seed(given: int | None) -> int:
    """The given seed, or a random one, which the log reports."""
    if given is not None:
        return given
    drawn = secrets.randbelow(2**31)
    log.info("seed %d (use --seed %d to reproduce)", drawn, drawn)
    return drawn


def refuse_existing(*paths: Path) -> None:
    """Refuse to overwrite; before long work, so that it is not done in vain.

    Raises:
        FileExistsError: one of the files exists.
    """
    for one in paths:
        if one.exists():
            raise FileExistsError(f"{one} exists already; choose another name")


def names(text: str) -> list[str]:
    """Names that are separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def whole(text: str, *, least: int) -> int:
    """An integer of at least `least`.

    Raises:
        argparse.ArgumentTypeError: it is not.
    """
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, not {text!r}")
    return value


def finite(text: str) -> float:
    """A finite number.

    Raises:
        argparse.ArgumentTypeError: it is not.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return value


def above_zero(text: str) -> float:
    """A finite number above 0.

    Raises:
        argparse.ArgumentTypeError: it is not.
    """
    value = finite(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def load(options: argparse.Namespace) -> "Model":
    """The sound model in options.ckpt_dir."""
    import gansynth

    return gansynth.load(options.ckpt_dir, **engine.given(options))


def suppress_tf_logs(options: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    """A block that imports a training backend, without its notes to developers unless there is --debug."""
    from core.nn import tf_logs

    return contextlib.nullcontext() if options.debug else tf_logs.suppress_tf_logs()
