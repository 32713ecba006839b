"""Train a codebook, a transformer or a vocoder on clips that specvqgan_dataset has made.

The same command again continues a stopped run. Settings are YAML files, the last one wins, and NAME=VALUE on top:

  specvqgan_train clips run/codebook --base codebook training.rate=0.0005
  specvqgan_train clips run/transformer --base transformer --codebook run/codebook/export
  specvqgan_train clips run/vocoder --base vocoder

--start_from begins with a trained network instead of a random one: a run folder or a vocoder of the original's, as they
were released, or one of ours:

  specvqgan_train clips run/more --start_from logs/2021-06-03T00-43-28_vas_transformer training.total_clips=20000
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.files.atomic import discarded_after_failure
from core.progress import show_progress
from scripts import frame
from scripts.flags import training as training_flags
from specvqgan.training import run_config

if TYPE_CHECKING:
    from specvqgan.training.start import Start
    from specvqgan.training.task import Task

PROG = "specvqgan_train"
# Of --minutes, for the last save, samples and the export.
RESERVE_S = 20.0


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("data_dir", type=frame.path, help="folder of clips, from specvqgan_dataset")
    flags.add_argument("run_dir", type=frame.path, help="folder of the run, for saves, samples and TensorBoard")
    flags.add_argument("settings", nargs="*", type=_setting, metavar="NAME=VALUE", help="such as model.params.codes=64")
    flags.add_argument(
        "-b", "--base", nargs="+", default=[], metavar="CONFIG",
        help=f"YAML files, or of those that come with it: {', '.join(run_config.presets())}",
    )  # fmt: skip
    flags.add_argument(
        "--start_from", type=frame.path, metavar="FOLDER",
        help="begin a new run with this trained network, which gives the shapes; --base then gives the training alone",
    )  # fmt: skip
    flags.add_argument("--codebook", type=frame.path, metavar="FOLDER", help="trained codebook, for the others")
    flags.add_argument(
        "--export", type=frame.path, metavar="FOLDER",
        help="write the network into a new folder: at the run's end, or at once if it is over",
    )  # fmt: skip
    flags.add_argument(
        "--now", action="store_true", help="do not train; export the latest save, or measure it without --export"
    )
    flags.add_argument(
        "--dtype", choices=("float16", "float32"), default="float16", help="of the exported weights (default: float16)"
    )
    training_flags.add(flags)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_train, parser().parse_intermixed_args(argv), PROG, timed_log=sys.stdout)


def _setting(text: str) -> tuple[str, Any]:
    try:
        return run_config.change(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _train(options: argparse.Namespace) -> int:
    training_flags.check_minutes(options, RESERVE_S)
    config, start = _config(options)
    with training_flags.backend(options):
        from keras import ops

        # With the first tensor a backend looks for a GPU, and complains if there is none.
        ops.zeros(1)
    from core.training import saves
    from specvqgan.training import tasks

    with discarded_after_failure(options.run_dir, lambda: bool(saves.found(options.run_dir))):
        with show_progress("clip", "codes") as progress:
            task = tasks.make(config, options.data_dir, options.run_dir, progress)
        tasks.describe(options.run_dir, config, task)
        return _now(options, task, start) if options.now else _run(options, config, task, start)


def _config(options: argparse.Namespace) -> "tuple[run_config.RunConfig, Start | None]":
    """The settings of the run, and the network that it begins with, if it does."""
    presets = run_config.presets()
    # What follows the files may be settings, as in the original's commands.
    files = [presets.get(name) or frame.path(name) for name in options.base if "=" not in name]
    changes = [*map(run_config.change, (name for name in options.base if "=" in name)), *options.settings]
    if options.codebook:
        changes.append(("training.codebook", str(options.codebook)))
    if not options.start_from:
        if not files:
            raise ValueError("--base is missing: name a config, or a trained network with --start_from")
        return run_config.read(files, changes), None
    from specvqgan.training import start

    found = start.read(options.start_from, run_config.read(files).kind if files else None)
    return start.settle(found, files, changes), found


def _run(options: argparse.Namespace, config: run_config.RunConfig, task: "Task", start: "Start | None") -> int:
    """Start or resume the run, train to its end, and export it."""
    from core.training.loop import TrainingLoop
    from core.training.timeline import Timeline
    from specvqgan.training.logger import training_logger
    from specvqgan.training.task import TaskTrainer

    stop, timeline, total = frame.Stop(), Timeline.load(options.run_dir), task.hparams.total_clips
    clock = training_flags.clock(options, timeline, total, RESERVE_S)
    trainer = TaskTrainer(options.run_dir, task, timeline, start.tree if start else {})
    begins = f", beginning with {start.place}" if start else ""
    print(f"training a {config.kind} on {task.count} clips into {options.run_dir}{begins}", flush=True)
    logger = training_logger(options.run_dir, task, clock)
    state = TrainingLoop(trainer, logger, options.save_every_s, lambda: bool(stop), timeline, clock).run()
    of = "" if clock else f" of {total}"
    print(f"{options.run_dir}: {state.images}{of} clips" + (", stopped" if stop else ""))
    if options.export and not stop:
        task.export(options.export, state.tree, options.dtype)
        print(f"{options.export}: the {config.kind} after {state.images} clips")
    return stop.status


def _now(options: argparse.Namespace, task: "Task", start: "Start | None") -> int:
    """Export or measure the latest save, or before the first one what the run begins with."""
    from core.training import saves
    from specvqgan.training.task import TaskTrainer

    name = start.place if start and not saves.found(options.run_dir) else saves.latest(options.run_dir).name
    state = TaskTrainer(options.run_dir, task, start=start.tree if start else {}).begin()
    if options.export:
        task.export(options.export, state.tree, options.dtype)
        print(f"{options.export}: {name}, after {state.images} clips")
    for name, value in task.measure(state.tree).items():
        print(f"{name}: {value:.4g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
