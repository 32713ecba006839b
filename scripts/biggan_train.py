"""Train an image model on a folder of class folders; the same command again continues a stopped run."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.files.atomic import discarded_after_failure
from core.progress import show_progress
from core.training.settings import check_classes
from renderer.training import exported_settings, hparams
from scripts import frame
from scripts.flags import training as training_flags
from scripts.shared import model_report

if TYPE_CHECKING:
    from renderer.training.batches import ImageSource
    from renderer.training.state import ImageState

PROG = "biggan_train"
# Of --minutes: for the last save, and for that and an export.
SAVE_S, EXPORT_S = 10.0, 40.0


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("data_dir", type=frame.path, help="folder with a folder of images for each class")
    flags.add_argument("run_dir", type=frame.path, help="folder of the run, for saves and samples")
    flags.add_argument(
        "--recipe", default="warm", choices=hparams.RECIPES, help="what --set starts from (default: warm)"
    )
    flags.add_argument(
        "--set", type=training_flags.setting, action="append", default=[], metavar="NAME=VALUE",
        help="a hyper-parameter; docs/train-pictures.md lists them",
    )  # fmt: skip
    flags.add_argument(
        "--export", type=frame.path, metavar="FOLDER",
        help="do not train; write the model that the run has learned into a new folder; with --minutes, train first",
    )  # fmt: skip
    flags.add_argument(
        "--report", action="store_true",
        help="do not train; measure each class and print a table; RUN_DIR may be the folder of any image model too",
    )  # fmt: skip
    flags.add_argument("--skip_bad", action="store_true", help="name files that are not images, and skip them")
    training_flags.add_continuation(flags)
    training_flags.add(flags)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    uses = (options.export and not options.minutes) or options.report
    return frame.run(_use if uses else _train, options, PROG, timed_log=sys.stdout)


def _train(options: argparse.Namespace) -> int:
    if options.export:
        frame.refuse_existing(options.export)
    training_flags.check_minutes(options, _reserve_s(options))
    own = hparams.settle(options.recipe, training_flags.chosen_settings(options, exported_settings.settings))
    source = _source(options, own)
    from core.training import saves

    with discarded_after_failure(options.run_dir, lambda: bool(saves.found(options.run_dir))):
        hparams.describe(options.run_dir, own, source.dataset.classes)
        return _run(options, own, source)


def _reserve_s(options: argparse.Namespace) -> float:
    """What of --minutes is kept for the end."""
    return EXPORT_S if options.export else SAVE_S


def _run(options: argparse.Namespace, own: hparams.ImageHparams, source: "ImageSource") -> int:
    """Start or resume the run, and train to its end."""
    from core.training.loop import TrainingLoop
    from core.training.timeline import Timeline
    from renderer.training.logger import training_logger
    from renderer.training.trainer import ImageTrainer

    stop, timeline = frame.Stop(), Timeline.load(options.run_dir)
    clock = training_flags.clock(options, timeline, own.total_images, _reserve_s(options))
    print(f"training on {source.count} images of {source.classes} classes into {options.run_dir}", flush=True)
    trainer = ImageTrainer(options.run_dir, source, timeline, options.start_from)
    logger = training_logger(options.run_dir, source, clock)
    state = TrainingLoop(trainer, logger, options.save_every_s, lambda: bool(stop), timeline, clock).run()
    of = "" if clock else f" of {own.total_images}"
    print(f"{options.run_dir}: {state.images}{of} images" + (", stopped" if stop else ""))
    if options.export:
        _export(options, state, source)
    return stop.status


def _use(options: argparse.Namespace) -> None:
    if options.report and not options.export and model_report.is_model(options.run_dir):
        print(model_report.text(options))
        return
    own, classes = hparams.read(options.run_dir)
    source = _source(options, own)
    check_classes(options.run_dir, classes, source.dataset.classes)
    from core.training.trees import to_tensors
    from renderer.training import image_metrics, sample_grid, state, statistics

    latest = state.restore(options.run_dir, own, source.classes, source.latents)
    if options.export:
        _export(options, latest, source)
    if options.report:
        weights = statistics.ready(to_tensors(latest.tree), own)
        render = sample_grid.SampleRenderer(weights, own, source.classes, own.size)
        print(image_metrics.table(image_metrics.measure(source.dataset, render, own.z_dim)))


def _export(options: argparse.Namespace, state: "ImageState", source: "ImageSource") -> None:
    from renderer.training import continuation, export

    with show_progress("truncation") as progress:
        export.export(options.export, state, source, progress=progress)
    if options.continuable:
        continuation.write(options.export, state, source.hparams, source.dataset.classes)
    print(f"{options.export}: the model of {options.run_dir} after {state.images} images")


def _source(options: argparse.Namespace, own: hparams.ImageHparams) -> "ImageSource":
    """Read the images, and load the backend that learns from them."""
    from renderer.training import image_folder

    with show_progress("image", "reading") as progress:
        data = image_folder.read(options.data_dir, own.size, options.skip_bad, progress)
    with training_flags.backend(options):
        from keras import ops

        from renderer.training.batches import ImageSource

        # With the first tensor a backend looks for a GPU, and complains if there is none.
        ops.zeros(1)

    return ImageSource(data, own)


if __name__ == "__main__":
    sys.exit(main())
