"""The flags of all trainers: the time they have, how often they save, and where compiled programs are kept."""

import argparse
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import frame

if TYPE_CHECKING:
    from core.training.timeline import Clock, Timeline


def add(flags: argparse.ArgumentParser) -> None:
    """Add --minutes, --cache and --save_every_s; the time begins to count."""
    flags.add_argument(
        "--minutes", type=frame.above_zero, metavar="M",
        help="how long the command may take: the schedule is stretched to that, whatever the machine's speed",
    )  # fmt: skip
    flags.add_argument(
        "--cache", type=frame.path, metavar="DIR",
        help="folder in which compiled programs are kept, so that the next start is quick (JAX only)",
    )  # fmt: skip
    flags.add_argument(
        "--save_every_s", type=frame.above_zero, default=600.0, help="seconds from save to save (default: 600)"
    )
    flags.set_defaults(started=time.monotonic())


def add_continuation(flags: argparse.ArgumentParser) -> None:
    """Add --continuable and --start_from."""
    flags.add_argument(
        "--continuable", action="store_true",
        help="with --export: keep in training.safetensors what training further needs, for --start_from",
    )  # fmt: skip
    flags.add_argument(
        "--start_from", type=frame.path, metavar="FOLDER",
        help="begin a new run with an exported model; without a training.safetensors only with its generator",
    )  # fmt: skip


def chosen_settings(options: argparse.Namespace, exported: Callable[[Path], Mapping[str, Any]]) -> dict[str, Any]:
    """The hyper-parameters of --set, on top of those of the model that --start_from names.

    Args:
        options: of the command.
        exported: reads the hyper-parameters of an exported model.

    Raises:
        FileNotFoundError: --start_from names no exported model.
        ValueError: --continuable was given without --export, or the model is damaged.
    """
    if options.continuable and not options.export:
        raise ValueError("--continuable needs --export, to whose folder it adds a file")
    return {**(exported(options.start_from) if options.start_from else {}), **dict(options.set)}


def setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE, a number or a word.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, not {text!r}")
    words: dict[str, Any] = {"true": True, "false": False}
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            pass
    return name, words.get(value, value)


@contextmanager
def backend(options: argparse.Namespace) -> Iterator[None]:
    """A block that imports Keras and its backend; compiled programs are kept where --cache says.

    Raises:
        ValueError: no backend is installed, or --cache is given to one that keeps no programs.
    """
    from core.training import training_backend

    training_backend.choose()
    with frame.suppress_tf_logs(options):
        if options.cache:
            from core.nn.backend import keep_programs

            keep_programs(options.cache)
        yield


def clock(options: argparse.Namespace, timeline: "Timeline", total: float, reserve_s: float) -> "Clock | None":
    """The clock of a run whose schedule ends at the position `total`, `reserve_s` before the time is up.

    Without --minutes there is none.

    Raises:
        ValueError: the reserve takes more than half of the time.
    """
    check_minutes(options, reserve_s)
    if options.minutes is None:
        return None
    from core.training.timeline import Clock

    return Clock(timeline, total, options.started + 60 * options.minutes - reserve_s)


def check_minutes(options: argparse.Namespace, reserve_s: float) -> None:
    """Check --minutes, before anything is read or computed; see `clock`.

    Raises:
        ValueError: the reserve takes more than half of the time.
    """
    if options.minutes is not None and reserve_s > 30 * options.minutes:
        raise ValueError(f"--minutes must be at least {math.ceil(reserve_s / 3) / 10:g}, not {options.minutes:g}")
