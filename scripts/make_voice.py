"""Train the sound model that ships, models/gansynth/fluid, again: notes from the FluidR3 sound font, then hours.

The same command again continues a stopped run. The model is not the same bit for bit, since rounding depends on the
processor.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core.files import json_files
from gansynth import checkpoint
from gansynth.dataset import records
from scripts import frame, gansynth_train, postprocess_model, soundfont_dataset

PROG = "make_voice"
# Instruments of FluidR3 that hold their pitch from 40 to 76; the church organ sounds an octave off.
PROGRAMS = (
    "0,4,5,11,12,13,20,21,24,25,26,27,32,33,38,40,41,42,48,49,50,52,53,54,56,57,60,61,65,66,68,70,71,73,74,75,77,80,81"
)
NOTES = ["--programs", PROGRAMS, "--pitches", "40-76", "--velocities", "60,110", "--length", "32000", "--hold_s", "1.5"]
# With a family it plays that family, without one any of them.
HPARAMS = {"conditions": ["family"], "condition_dropout": 0.5, "total_num_images": 140_000}


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("work_dir", type=frame.path, help="folder for the dataset (1 GB) and the run")
    flags.add_argument(
        "--images", type=int, default=HPARAMS["total_num_images"], help="notes to learn from (default: %(default)s)"
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_make, parser().parse_args(argv), PROG)


def _make(options: argparse.Namespace) -> None:
    data, run = options.work_dir / "dataset", options.work_dir / "fluid"
    if not (data / records.META).exists():
        _step(soundfont_dataset.main, ["--out_dir", str(data), *NOTES])
    places = {"train_data_path": str(data), "train_root_dir": str(run)}
    length = {"total_num_images": options.images, "warm_start_images": options.images}
    _step(gansynth_train.main, ["--config", "small_warm", "--hparams", json.dumps(HPARAMS | length | places)])
    _, save = checkpoint.latest(run)
    if int(save.name.rpartition("-")[2]) < options.images:
        raise ChildProcessError(f"training stopped at {save.name}; the same command continues it")
    _shorten_meta(run)
    _step(postprocess_model.main, ["--ckpt_dir", str(run), "--execute"])
    print(f"{run} is ready; hallu models add {run}")


def _step(main: Callable[[list[str]], int], words: list[str]) -> None:
    if status := main(words):
        raise SystemExit(status)


def _shorten_meta(run: Path) -> None:
    """Keep one note of each pitch in meta.json: playing needs its pitches only."""
    path = run / records.META
    entries = {entry["pitch"]: (name, entry) for name, entry in json_files.read_object(path).items()}
    path.write_text(json.dumps(dict(sorted(entries.values(), key=lambda one: one[1]["pitch"])), indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
