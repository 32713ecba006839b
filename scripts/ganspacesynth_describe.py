"""Describe directions: a sheet for each, with spectrograms from -3 to 3 sigma and measurements.

Of an image model, one sheet shows all of them, in images of several classes.

--name names a direction; the name is saved in the components file, or for a file that ships in the user's data folder,
and shown wherever the file is used.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import ganspace
from core.progress import show_progress
from scripts import frame
from scripts.shared import directions, model_folder

if TYPE_CHECKING:
    from ganspace.audio_metrics import SoundMeasurement

PROG = "ganspacesynth_describe"
FOR_IMAGES = {"auto_names": "--auto_names", "classes": "--classes", "seed": "--seed"}


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    directions.add_flags(flags)
    flags.add_argument("--output_dir", type=frame.path, help="folder for the sheets; created if missing")
    flags.add_argument(
        "--directions", type=partial(frame.whole, least=1), default=16, help="how many, from the first (default: 16)"
    )
    flags.add_argument(
        "--name", nargs=2, action="append", default=[], metavar=("NUMBER", "NAME"), help='such as --name 3 "breath"'
    )
    flags.add_argument(
        "--auto_names",
        action="store_true",
        help="image models: name directions by their effect, where clear",
    )
    flags.add_argument("--classes", nargs="+", metavar="NAME|NUMBER", help="image models: classes (default: random)")
    flags.add_argument("--seed", type=partial(frame.whole, least=0), help="image models: of the noise (default: 0)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if options.output_dir is None and not options.name:
        flags.error("give --output_dir for sheets, or --name, or both")
    return frame.run(_work, options, PROG)


def _work(options: argparse.Namespace) -> None:
    if options.name:
        _save_names(options.pca_file, options.name)
    if options.output_dir is None:
        return
    options.ckpt_dir = options.ckpt_dir or directions.beside(options.pca_file)
    if not model_folder.makes_images(options.ckpt_dir):
        model_folder.refuse(options, FOR_IMAGES, "image models", "a GANSynth checkpoint")
        _sheets(options)
        return
    model_folder.refuse(options, {"pitch": "--pitch"}, "GANSynth checkpoints", "an image model")
    from scripts.shared import describe_images

    options.seed = options.seed or 0
    describe_images.sheets(options)


def _save_names(path: Path, names: Sequence[tuple[str, str]]) -> None:
    components = ganspace.load(path)
    for number, name in names:
        if not number.isdecimal():
            raise ValueError(f"--name takes a direction's number and a name; {number!r} is not a number")
        components = components.named(int(number) - 1, name.strip())
    written = ganspace.save_names(path, components)
    if written != path:
        print(f"note: {path} stays as it is; the names are in {written}")
    for index in range(len(components.names)):
        if components.name(index):
            print(f"{index + 1}: {components.name(index)}")


def _sheets(options: argparse.Namespace) -> None:
    from ganspace import audio_metrics, audio_plots

    frame.refuse_existing(*(options.output_dir / name for name in ("variance.png", "directions.csv")))
    model, components, pitch = directions.load(options)
    options.output_dir.mkdir(parents=True, exist_ok=True)
    audio_plots.save_variance(options.output_dir / "variance.png", components)
    count = min(options.directions, components.count)
    rows: list[tuple[int, str, float, SoundMeasurement]] = []
    with show_progress("direction") as progress:
        for index in range(count):
            progress(index, count)
            waves = audio_metrics.waves_along(model, components, index, pitch)
            sounds = [audio_metrics.measure(wave, model.sample_rate) for wave in waves]
            heading = (
                f"{audio_plots.title(components, index)}  ({100 * components.var_ratio[index]:.1f} % of the variance)"
            )
            path = options.output_dir / f"direction_{index + 1:03}.png"
            audio_plots.save_sheet(path, heading, waves, sounds, model.sample_rate)
            rows += [
                (index + 1, components.name(index), amount, sound)
                for amount, sound in zip(audio_metrics.AMOUNTS, sounds, strict=True)
            ]
            print(f"{index + 1}: {audio_metrics.sentence(sounds)}")
        progress(count, count)
    _write_table(options.output_dir / "directions.csv", rows)


def _write_table(path: Path, rows: "Sequence[tuple[int, str, float, SoundMeasurement]]") -> None:
    from ganspace.audio_metrics import QUANTITIES

    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["direction", "name", "sigma", *(quantity.field for quantity in QUANTITIES)])
        for number, name, amount, sound in rows:
            values = [f"{getattr(sound, quantity.field):.4f}" for quantity in QUANTITIES]
            table.writerow([number, name, f"{amount:g}", *values])


if __name__ == "__main__":
    sys.exit(main())
