"""Flags of the commands that read sound files, and what happens to a bad file."""

import argparse
from collections.abc import Callable
from functools import partial

from core import progress
from core.audio.sound_files import BadFileError
from scripts import frame


def add_flags(flags: argparse.ArgumentParser, *, bad_files: bool = True) -> None:
    """Add --sample_rate and, where there can be bad files, --skip_bad."""
    count = partial(frame.whole, least=1)
    flags.add_argument("--sample_rate", type=count, default=16000, help="of the notes, in Hz (default: %(default)s)")
    if bad_files:
        flags.add_argument("--skip_bad", action="store_true", help="name bad files, and skip them")


def pitch(text: str) -> int:
    """A MIDI pitch.

    Raises:
        argparse.ArgumentTypeError: it is not in 0..127.
    """
    if not text.isdecimal() or int(text) > 127:
        raise argparse.ArgumentTypeError(f"must be a pitch in 0..127, not {text!r}")
    return int(text)


def report(options: argparse.Namespace) -> Callable[[ValueError], None]:
    """Stop at the first bad file, or with --skip_bad print a line for each."""
    return _say if options.skip_bad else _stop


def _stop(error: ValueError) -> None:
    raise BadFileError(f"{error} (--skip_bad continues without it)")


def _say(error: ValueError) -> None:
    progress.write(f"skipped: {error}")
