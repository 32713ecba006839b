"""What the offline commands share: flag types, one-line errors, Ctrl-C, a quiet load, a progress bar."""

import argparse
import contextlib
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import gansynth
from core.errors import sentence
from server.quiet import import_tensorflow

if TYPE_CHECKING:
    from gansynth.model import Model


def run(work: Callable[[argparse.Namespace], None], options: argparse.Namespace, prog: str) -> int:
    """Do the work; its exit status. A failure becomes one line on stderr, or a traceback with options.debug."""
    try:
        work(options)
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        return 1
    except Exception as error:
        if options.debug:
            raise
        print(f"{prog}: {sentence(error)}", file=sys.stderr)
        return 1
    return 0


def asked_to_stop() -> list[int]:
    """Becomes non-empty on Ctrl-C or SIGTERM, when the step at hand is to be the last; a second Ctrl-C ends at once."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        print("stopping after this step; the run is saved", flush=True)
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return asked


def path(text: str) -> Path:
    """A path; ~ is the user's home."""
    return Path(text).expanduser()


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
    """The model in options.ckpt_dir, without TensorFlow's notes to developers unless there is options.debug."""
    quiet(options)
    return gansynth.load(options.ckpt_dir)


def quiet(options: argparse.Namespace) -> None:
    """Load TensorFlow, without its notes to developers unless there is options.debug."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if options.debug else "3")
    import_tensorflow()


@contextlib.contextmanager
def bar(unit: str, total: int) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, as a progress(done, total) function."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, disable=None) as drawn:

        def progress(done: int, total: int) -> None:
            drawn.total = total
            drawn.update(done - drawn.n)

        yield progress
