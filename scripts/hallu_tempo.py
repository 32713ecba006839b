"""`hallu tempo`: the parameters of gan-video-synth as flags, or from a preset file."""

import argparse
import logging
from pathlib import Path
from typing import Any

from scripts.flags.video import add_model_flags, bar, find_model, load_painter, place, ranged, seed_of

log = logging.getLogger(__name__)

TEXT = "Paint a loop in tempo: groups of a picture model's axes swing with the beat, without a seam."
MORE = (
    "Parameters come from a preset file, then from flags. The loop goes into output/, with a .json beside it, which"
    " is a\npreset that makes it again. Functions: sin, cos, ramp, fall, triangle, bounce, saw, square, pulse, each"
    " also later\nby a part of its turn, as in ramp+0.5."
)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add them all; - and _ in a name are the same."""
    parser.add_argument("--preset", type=Path, metavar="FILE", help="parameters: .yaml, .toml, or a loop's .json")
    _add(parser, "bpm", type=float, help="beats a minute (default 120)")
    _add(parser, "num_beats", "beats", type=int, help="length of the loop in beats (default 16)")
    _add(parser, "classes", nargs="+", metavar="CLASS", help="by number or by name (default 309, or one by lot)")
    _add(parser, "y_scale", type=float, help="how much of classes there is: their sum (default 1)")
    _add(parser, "truncation", type=float, help="variety against fidelity, 0.02..1 (default 1)")
    _add(parser, "random_label", action="store_true", help="a random class vector in place of the classes")
    _add(parser, "quantize_label", action="store_true", help="all or nothing for each class of it")
    _add(parser, "fps", type=float, help="pictures a second (default 30), fitted so that the beats are exact")
    _add(parser, "axis_sets", nargs="+", metavar="AXES", help="axes that swing together, each set like 0-7 or 0,3,5")
    _add(parser, "magnitudes", nargs="+", type=float, metavar="M", help="how far each set swings (default 1 each)")
    _add(parser, "periods", nargs="+", type=float, metavar="BEATS", help="beats of each set's swing")
    _add(parser, "funcs", "functions", nargs="+", metavar="NAME", help="function of each set, by name")
    _add(parser, "ratio", metavar="W:H", help="widened by mirrors on both sides (default 16:9; 1:1 as it is painted)")
    _add(parser, "seed", type=int, help="the same number gives the same loop (default: a new one, told)")
    parser.add_argument("--ext", choices=(".mp4", ".gif", ".npy"), help="kind of file (default: as --out, or .mp4)")
    parser.add_argument("-o", "--out", metavar="NAME", help="the loop (default output/tempo-SEED.mp4)")
    parser.add_argument(
        "--num-samples", "--num_samples", type=int, default=1, metavar="N", help="loops, each of the next seed"
    )
    parser.add_argument(
        "-bs",
        "--batch_size",
        type=ranged("batch_size"),
        default=20,
        help="pictures handed to the model at once (default 20)",
    )
    add_model_flags(parser)
    parser.set_defaults(error=parser.error)


def _add(parser: argparse.ArgumentParser, name: str, *more: str, **options: Any) -> None:
    """A parameter's flag, without a default: the preset's counts then."""
    flags = dict.fromkeys(f"--{spelt}" for one in (name, *more) for spelt in (one.replace("_", "-"), one))
    parser.add_argument(*flags, dest=name, default=argparse.SUPPRESS, **options)


def run(args: argparse.Namespace) -> int:
    """Make the loops; it names the files on stdout."""
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
    # What is wrong is found here, before TensorFlow takes its seconds.
    settings = replace(settings, classes=tuple(map(str, find(settings.classes, class_names(model)))))
    check_seamless(settings.oscillators(image_description(model).z_size), settings.num_beats)
    painter = load_painter(model)
    for number in range(args.num_samples):
        one = replace(settings, seed=settings.seed + number)
        with bar() as progress:
            paths = make(one, _out(args, one.seed, number), model, painter, args.batch_size, progress)
        for path in paths:
            print(path)
    return 0


def _settings(args: argparse.Namespace) -> tuple[Any, str | None]:
    """Preset and flags together, and the model that they name."""
    from dataclasses import fields

    from renderer.video.tempo_preset import model_of, read_preset
    from renderer.video.tempo_settings import Tempo, of

    held = read_preset(args.preset) if args.preset else {}
    given = {field.name: getattr(args, field.name) for field in fields(Tempo) if hasattr(args, field.name)}
    values = {**held, **given}
    seed = values.get("seed")
    values["seed"] = seed_of(None) if seed is None else seed
    return of(values), args.model or (model_of(args.preset) if args.preset else None)


def _out(args: argparse.Namespace, seed: int, number: int) -> Path:
    suffixes = (".mp4", ".gif", ".npy")
    path = place(args.out, f"tempo-{seed}", (args.ext,) if args.ext else suffixes)
    return path.with_stem(f"{path.stem}-{number}") if args.out and args.num_samples > 1 else path
