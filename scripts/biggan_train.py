"""Train a picture model on a folder of class folders; the same command again goes on where it was stopped."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from renderer.training import hparams
from scripts import command
from server.quiet import import_tensorflow

PROG = "biggan_train"


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


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = argparse.ArgumentParser(prog=PROG, description=__doc__)
    flags.add_argument("data_dir", type=command.path, help="the pictures: a folder of them for each class")
    flags.add_argument("run_dir", type=command.path, help="the run: saves and samples")
    flags.add_argument(
        "--recipe", default="warm", choices=hparams.RECIPES, help="what --set starts from (default: warm)"
    )
    flags.add_argument(
        "--set", type=setting, action="append", default=[], metavar="NAME=VALUE",
        help="a hyper-parameter; docs/train-pictures.md lists them",
    )  # fmt: skip
    flags.add_argument("--skip_bad", action="store_true", help="leave out files that are no pictures, and name them")
    flags.add_argument(
        "--save_every_s", type=command.above_zero, default=600.0, help="seconds from save to save (default: 600)"
    )
    flags.add_argument("--debug", action="store_true", help="show where an error comes from")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return command.run(_train, parser().parse_args(argv), PROG)


def _train(options: argparse.Namespace) -> None:
    own = hparams.settle(options.recipe, dict(options.set))
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("renderer").setLevel(logging.INFO)
    from renderer.training import pictures

    with command.bar("picture", 0) as progress:
        data = pictures.read(options.data_dir, own.size, options.skip_bad, progress)
    hparams.describe(options.run_dir, own, data.classes)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if options.debug else "3")
    import_tensorflow()
    from renderer.training.batches import Source
    from renderer.training.diary import Diary
    from renderer.training.trainer import Trainer

    source, stop = Source(data, own), _asked_to_stop()
    print(f"training on {source.count} pictures of {len(data.classes)} classes into {options.run_dir}", flush=True)
    diary = Diary(options.run_dir, source)
    state = Trainer(options.run_dir, source, diary, options.save_every_s, lambda: bool(stop)).run()
    print(f"{options.run_dir}: {state.images} of {own.total_images} images" + (", stopped" if stop else ""))


def _asked_to_stop() -> list[int]:
    """Becomes non-empty on Ctrl-C or SIGTERM, when the step at hand is to be the last; a second Ctrl-C ends at once."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        print("stopping after this step; the run is saved", flush=True)
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return asked


if __name__ == "__main__":
    sys.exit(main())
