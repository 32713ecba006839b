"""Train a GANSynth on a dataset; the same command again continues a stopped run."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files.atomic import discarded_after_failure
from core.progress import show_progress
from gansynth.training import hparams
from scripts import frame
from scripts.flags import training as training_flags

if TYPE_CHECKING:
    from gansynth.training.workers import Workers

PROG = "gansynth_train"
# Of --minutes, for the last save and samples.
RESERVE_S = 10.0


def settings(text: str) -> dict[str, Any]:
    """Hyper-parameters as a JSON object.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError('must be a JSON object such as {"train_data_path": "dataset"}')
    return value


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument(
        "--config",
        type=str,
        default="",
        metavar="NAME",
        help=f"what --hparams starts from: {', '.join(hparams.CONFIGS)}",
    )
    flags.add_argument(
        "--hparams",
        type=settings,
        action="append",
        default=[],
        metavar="JSON",
        help='"train_data_path", "train_root_dir", and others on top of the config; docs/train.md lists them; '
        "given more than once, the last one of a name counts",
    )
    flags.add_argument(
        "--start_from", type=frame.path, metavar="VOICE",
        help="begin a new run with the weights and settings of a voice, in place of --config; its notes may become "
        "longer: give audio_length in --hparams",
    )  # fmt: skip
    training_flags.add(flags)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_train, parser().parse_args(argv), PROG, timed_log=sys.stdout)


def _train(options: argparse.Namespace) -> int:
    training_flags.check_minutes(options, RESERVE_S)
    wanted = _wanted(options)
    if options.minutes and wanted.setdefault("train_progressive", False):
        raise ValueError("train_progressive must be false with --minutes, which has no time to compile every stage")
    folder = wanted.get("train_root_dir")
    if not str(folder or "").strip():
        raise ValueError('train_root_dir is missing; name a folder for the run, such as {"train_root_dir": "run"}')
    with training_flags.backend(options):
        from gansynth.training import workers

        # Before anything is computed: TensorFlow joins other machines at the very start or not at all.
        team = workers.available()
    from gansynth import checkpoint

    root = frame.path(str(folder))
    with discarded_after_failure(root, lambda: not team.chief or bool(checkpoint.stages(root))):
        return _run(options, root, wanted, team)


def _wanted(options: argparse.Namespace) -> dict[str, Any]:
    """The hyper-parameters: of --config or --start_from, with those of --hparams on top."""
    given = {key: value for one in options.hparams for key, value in one.items()}
    if not options.start_from:
        return hparams.settle(options.config, given)
    if options.config:
        raise ValueError("give either --config or --start_from: a voice has settings of its own")
    hparams.settle("", given)
    return hparams.from_voice(options.start_from, given)


def _run(options: argparse.Namespace, root: Path, wanted: dict[str, Any], team: "Workers") -> int:
    """Set the run up or resume it, and train to its end."""
    from core.training.logger import NullLogger
    from core.training.loop import TrainingLoop
    from core.training.timeline import Timeline
    from gansynth.training.logger import training_logger
    from gansynth.training.run_setup import set_up
    from gansynth.training.trainer import SoundTrainer

    with show_progress("spectrogram") as progress:
        source = set_up(root, wanted, progress)
    stop = frame.Stop()
    timeline = Timeline.load(root)
    clock = training_flags.clock(options, timeline, source.hparams.total_num_images, RESERVE_S)
    logger = training_logger(root, source, clock) if team.chief else NullLogger()
    print(f"training on {len(source.rows)} notes of {len(source.instruments)} instruments into {root}", flush=True)
    trainer = SoundTrainer(root, source, team, timeline, options.start_from)
    state = TrainingLoop(trainer, logger, options.save_every_s, lambda: bool(stop), timeline, clock).run()
    of = "" if clock else f" of {source.hparams.total_num_images}"
    print(f"{root}: {state.images}{of} images" + (", stopped" if stop else ""))
    return stop.status


if __name__ == "__main__":
    sys.exit(main())
