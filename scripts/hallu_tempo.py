"""Make a video loop in tempo: groups of an image model's axes swing with the beat, without a seam.

Parameters come from a preset file, then from flags. The loop goes into output/, with a .json beside it, which is a
preset that makes it again. Functions: sin, cos, ramp, fall, triangle, bounce, saw, square, pulse, each also later by
a part of its period, as in ramp+0.5.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.files.unused_names import unused
from core.progress import show_progress
from scripts import frame
from scripts.flags import engine
from scripts.flags.video import add_model_flags, add_shape_flags, find_model, load_image_model, place, ranged

log = logging.getLogger(__name__)

PROG = "hallu tempo"
SIZE = "1280x720"


def parser() -> argparse.ArgumentParser:
    """The flags; - and _ in a name are the same."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("--preset", type=Path, metavar="FILE", help="parameters: .yaml, .toml, or a loop's .json")
    _add(flags, "bpm", type=float, help="beats a minute (default 120)")
    _add(flags, "num_beats", "beats", type=int, help="length of the loop in beats (default 16)")
    _add(flags, "classes", nargs="+", metavar="CLASS", help="by number or by name (default: 309, or a random one)")
    _add(flags, "y_scale", type=float, help="weight of the classes: their sum (default 1)")
    _add(flags, "truncation", type=float, help="variety, at the cost of fidelity, 0.02..1 (default 1)")
    _add(flags, "random_label", action="store_true", help="a random class vector in place of the classes")
    _add(flags, "quantize_label", action="store_true", help="each class of it fully on or off")
    _add(flags, "fps", type=float, help="frames per second (default 30), adjusted so that the beats are exact")
    _add(flags, "axis_sets", nargs="+", metavar="AXES", help="axes that swing together, each set like 0-7 or 0,3,5")
    _add(flags, "magnitudes", nargs="+", type=float, metavar="M", help="how far each set swings (default 1 each)")
    _add(flags, "periods", nargs="+", type=float, metavar="BEATS", help="beats of each set's period")
    _add(flags, "funcs", "functions", nargs="+", metavar="NAME", help="function of each set, by name")
    _add(flags, "ratio", metavar="W:H", help="instead of --size: as high as the model's frames, 1:1: unchanged")
    add_shape_flags(flags, SIZE, argparse.SUPPRESS)
    _add(flags, "seed", type=int, help="the same number gives the same loop (default: random, and reported)")
    flags.add_argument("--ext", choices=(".mp4", ".gif", ".npy"), help="kind of file (default: as --out, or .mp4)")
    flags.add_argument("-o", "--out", metavar="NAME", help="the loop (default output/tempo-SEED.mp4)")
    flags.add_argument(
        "--num-samples", "--num_samples", type=int, default=1, metavar="N", help="loops, each of the next seed"
    )
    flags.add_argument(
        "-bs",
        "--batch_size",
        type=ranged("batch_size"),
        default=20,
        help="frames that the model renders at once (default 20)",
    )
    add_model_flags(flags)
    flags.set_defaults(error=flags.error)
    return flags


def _add(parser: argparse.ArgumentParser, name: str, *more: str, **options: Any) -> None:
    """Add a parameter's flag, without a default, so that the preset's value counts."""
    flags = dict.fromkeys(f"--{spelt}" for one in (name, *more) for spelt in (one.replace("_", "-"), one))
    parser.add_argument(*flags, dest=name, default=argparse.SUPPRESS, **options)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_make, parser().parse_args(argv), PROG)


def _make(args: argparse.Namespace) -> None:
    if args.num_samples < 1:
        args.error(f"--num-samples must be at least 1, not {args.num_samples}")
    from dataclasses import replace

    from core.families import image_description
    from renderer.classes import find
    from renderer.image_models import class_names
    from renderer.video.loops import check_seamless
    from renderer.video.tempo import make

    settings, name = _settings(args)
    model = find_model(args, name)
    # Wrong input is found here, before anything large is loaded.
    settings = replace(settings, classes=tuple(map(str, find(settings.classes, class_names(model)))))
    check_seamless(settings.oscillators(image_description(model).z_size), settings.num_beats)
    image_model = load_image_model(model, **engine.given(args))
    for number in range(args.num_samples):
        one = replace(settings, seed=settings.seed + number)
        with show_progress("frame", "rendering") as progress:
            paths = make(one, _out(args, one.seed, number), model, image_model, args.batch_size, progress)
        for path in paths:
            print(path)


def _settings(args: argparse.Namespace) -> tuple[Any, str | None]:
    """The settings from preset and flags, and the model that they name."""
    from dataclasses import fields

    from renderer.video.tempo_preset import model_of, read_preset
    from renderer.video.tempo_settings import Tempo, settings_of

    preset = read_preset(args.preset) if args.preset else {}
    given = {field.name: getattr(args, field.name) for field in fields(Tempo) if hasattr(args, field.name)}
    if "ratio" in given and "size" in given:
        args.error("--size and --ratio exclude each other: each gives the shape of the frames")
    if "ratio" in given:
        preset.pop("size", None)
    usual = {} if "ratio" in given or "ratio" in preset else {"size": SIZE}
    values = {**usual, **preset, **given}
    seed = values.get("seed")
    values["seed"] = frame.seed(None) if seed is None else seed
    return settings_of(values), args.model or (model_of(args.preset) if args.preset else None)


def _out(args: argparse.Namespace, seed: int, number: int) -> Path:
    suffixes = (".mp4", ".gif", ".npy")
    path = place(args.out, f"tempo-{seed}", (args.ext,) if args.ext else suffixes)
    path = path.with_stem(f"{path.stem}-{number}") if args.out and args.num_samples > 1 else path
    return unused(path, [".json"])


if __name__ == "__main__":
    sys.exit(main())
