"""Train an image model on a folder of class folders; the same command again continues a stopped run."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.files.atomic import discarded_after_failure
from core.progress import show_progress
from renderer.training import hparams
from scripts import frame
from scripts.flags.training import setting

if TYPE_CHECKING:
    from renderer.training.batches import ImageSource

PROG = "biggan_train"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("data_dir", type=frame.path, help="folder with a folder of images for each class")
    flags.add_argument("run_dir", type=frame.path, help="folder of the run, for saves and samples")
    flags.add_argument(
        "--recipe", default="warm", choices=hparams.RECIPES, help="what --set starts from (default: warm)"
    )
    flags.add_argument(
        "--set", type=setting, action="append", default=[], metavar="NAME=VALUE",
        help="a hyper-parameter; docs/train-pictures.md lists them",
    )  # fmt: skip
    flags.add_argument(
        "--export", type=frame.path, metavar="FOLDER",
        help="do not train; write the model that the run has learned into a new folder",
    )  # fmt: skip
    flags.add_argument("--report", action="store_true", help="do not train; measure each class and print a table")
    flags.add_argument("--skip_bad", action="store_true", help="name files that are not images, and skip them")
    flags.add_argument(
        "--save_every_s", type=frame.above_zero, default=600.0, help="seconds from save to save (default: 600)"
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    return frame.run(_use if options.export or options.report else _train, options, PROG, timed_log=sys.stdout)


def _train(options: argparse.Namespace) -> int:
    own = hparams.settle(options.recipe, dict(options.set))
    source = _source(options, own)
    from core.training import saves

    with discarded_after_failure(options.run_dir, lambda: bool(saves.found(options.run_dir))):
        hparams.describe(options.run_dir, own, source.dataset.classes)
        return _run(options, own, source)


def _run(options: argparse.Namespace, own: hparams.ImageHparams, source: "ImageSource") -> int:
    """Start or resume the run, and train to its end."""
    from core.training.loop import TrainingLoop
    from renderer.training.logger import training_logger
    from renderer.training.trainer import ImageTrainer

    stop = frame.Stop()
    print(f"training on {source.count} images of {source.classes} classes into {options.run_dir}", flush=True)
    trainer, logger = ImageTrainer(options.run_dir, source), training_logger(options.run_dir, source)
    state = TrainingLoop(trainer, logger, options.save_every_s, lambda: bool(stop)).run()
    print(f"{options.run_dir}: {state.images} of {own.total_images} images" + (", stopped" if stop else ""))
    return stop.status


def _use(options: argparse.Namespace) -> None:
    own, classes = hparams.read(options.run_dir)
    source = _source(options, own)
    if source.dataset.classes != classes:
        raise ValueError(f"{options.data_dir} has other classes than {options.run_dir} was trained on")
    from core.training.trees import to_tensors
    from renderer.training import export, image_metrics, sample_grid, state, statistics

    latest = state.restore(options.run_dir, own, source.classes, source.latents)
    if options.export:
        with show_progress("truncation") as progress:
            export.export(options.export, latest, source, progress=progress)
        print(f"{options.export}: the model of {options.run_dir} after {latest.images} images")
    if options.report:
        weights = statistics.ready(to_tensors(latest.tree), own)
        render = sample_grid.SampleRenderer(weights, own, source.classes, own.size)
        print(image_metrics.table(image_metrics.measure(source.dataset, render, own.z_dim)))


def _source(options: argparse.Namespace, own: hparams.ImageHparams) -> "ImageSource":
    """Read the images, and load the backend that learns from them."""
    from renderer.training import image_folder

    with show_progress("image", "reading") as progress:
        data = image_folder.read(options.data_dir, own.size, options.skip_bad, progress)
    with frame.suppress_tf_logs(options):
        from keras import ops

        from renderer.training.batches import ImageSource

        # With the first tensor a backend looks for a GPU, and complains if there is none.
        ops.zeros(1)

    return ImageSource(data, own)


if __name__ == "__main__":
    sys.exit(main())
