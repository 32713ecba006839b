"""Train a sound model that ships again, from the FluidR3 sound font, or `mixed`, a voice for longer training on a GPU.

`fluid` takes hours on a CPU, `orchestra` three or four; `percussion` was trained with `--minutes 4` on a GPU.
`orchestra` learns from a library of recorded notes, and `mixed`, with notes of four seconds, from drawn ones and a
library too. The same command again continues a stopped run. The model is not the same bit for bit: rounding depends on
the processor.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from core.files import json_files
from core.progress import show_progress
from core.training import training_backend
from gansynth import checkpoint
from gansynth.dataset import records, soundfont, voice_data
from gansynth.dataset.voice_recipes import RECIPES, Recipe
from scripts import frame, gansynth_train, postprocess_model, soundfont_dataset

PROG = "make_voice"
# Instruments of FluidR3 that hold their pitch from 40 to 76; the church organ sounds an octave off.
PROGRAMS = (
    "0,4,5,11,12,13,20,21,24,25,26,27,32,33,38,40,41,42,48,49,50,52,53,54,56,57,60,61,65,66,68,70,71,73,74,75,77,80,81"
)
_DATASETS = {"fluid": "dataset", "percussion": "sounds", "orchestra": "recordings", "mixed": "notes"}
_WITH_LIBRARY = ("orchestra", "mixed")
NOTES = ["--programs", PROGRAMS, "--pitches", "40-76", "--velocities", "60,110", "--length", "32000", "--hold_s", "1.5"]


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("work_dir", type=frame.path, help="folder for the dataset (1 to 3 GB) and the run")
    flags.add_argument("--voice", choices=list(RECIPES), default="fluid", help="which (default: %(default)s)")
    flags.add_argument(
        "--library",
        type=frame.path,
        metavar="DIR",
        help="of orchestra and mixed: recorded notes that make_dataset can read",
    )
    length = flags.add_mutually_exclusive_group()
    length.add_argument(
        "--images",
        type=partial(frame.whole, least=1),
        help="notes to learn from (default: 140000 for fluid, 264000 for orchestra, 600000 for the others)",
    )
    length.add_argument("--minutes", type=frame.above_zero, help="end after so many minutes of training")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_make, parser().parse_args(argv), PROG)


def _make(options: argparse.Namespace) -> None:
    recipe = RECIPES[options.voice]
    if options.library and options.voice not in _WITH_LIBRARY:
        raise ValueError(
            f"--library is for {' and '.join(_WITH_LIBRARY)}; {options.voice} learns from the sound font alone"
        )
    if options.voice == "orchestra" and not options.library:
        raise ValueError("orchestra learns from recorded notes: name their folder with --library")
    # Whether training is possible is known before the dataset, which takes minutes.
    training_backend.choose()
    data, run = options.work_dir / _DATASETS[options.voice], options.work_dir / options.voice
    if not (data / records.META).exists():
        _write(options, data)
    _train(options, recipe, data, run)
    more = ["--half"] * recipe.half + ["--learned_latents"] * recipe.latents
    _step(postprocess_model.main, ["--ckpt_dir", str(run), "--execute", *more])
    _shorten_meta(run)
    if recipe.louder:
        from gansynth.louder import make_louder

        make_louder(run, recipe.louder)
    if recipe.levels:
        _step(postprocess_model.main, ["--ckpt_dir", str(run), "--levels_of", str(data), "--execute"])
    print(f"{run} is ready; hallu models add {run}")


def _write(options: argparse.Namespace, data: Path) -> None:
    """Write the dataset of a voice."""
    if options.voice == "fluid":
        return _step(soundfont_dataset.main, ["--out_dir", str(data), *NOTES])
    program, sound_font = soundfont.find_fluidsynth(), soundfont.find_sound_font()
    with show_progress("instrument") as progress:
        if options.voice == "mixed":
            notes = voice_data.notes(program, sound_font, options.library, progress)
        elif options.voice == "orchestra":
            notes = voice_data.orchestra(program, sound_font, options.library, progress)
        else:
            notes = voice_data.sounds(program, sound_font, progress)
        records.write(data, notes)


def _train(options: argparse.Namespace, recipe: Recipe, data: Path, run: Path) -> None:
    images = options.images or recipe.images
    length = {"total_num_images": images, "warm_start_images": round(recipe.pretraining * images)}
    places = {"train_data_path": str(data), "train_root_dir": str(run)}
    words = ["--hparams", json.dumps(recipe.hparams | length | places)]
    words += ["--config", recipe.config] if recipe.config else []
    words += ["--minutes", str(options.minutes)] if options.minutes else []
    _step(gansynth_train.main, words)
    _, save = checkpoint.latest(run)
    if not options.minutes and int(save.name.rpartition("-")[2]) < images:
        raise ChildProcessError(f"training stopped at {save.name}; the same command continues it")


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
