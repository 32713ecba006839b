"""Make a hallucination without a server.

A path through random key points (or those in --latents) becomes overlapping notes in a WAV file, with a picture of
the same name beside it: its spectrogram, the key points marked. --film makes a video too, in which pictures follow
the key points as they do live; beside the video FILE.json, which makes both again (--repeat).
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files.unused_names import unused
from scripts import frame
from scripts.flags import conditions as condition_flag
from scripts.flags import engine, models
from scripts.flags.video import SHAPE, add_shape_flags, find_model, given_shape
from scripts.shared.hallucination_video import CONTROLS, Video

if TYPE_CHECKING:
    from scripts.shared.hallucination import HallucinationJob

PROG = "hallu hallucinate"
_TIMES = ("spacing", "start_trim", "attack", "sustain", "release")


def parser() -> argparse.ArgumentParser:
    """The flags; they have no defaults, so that the given ones can be told apart."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("--model", metavar="M", help="a checkpoint's name (hallu models) or its folder")
    flags.add_argument("--out", type=Path, metavar="FILE.wav", help="where the sound goes")
    flags.add_argument("--notes", type=int, help="key points (default 5)")
    flags.add_argument("--steps", type=int, help="notes between two key points (default 5)")
    flags.add_argument("--spacing", type=float, help="seconds from one note's start to the next (default 0.2)")
    flags.add_argument("--start_trim", type=float, help="silent seconds at the start of each note (default 0)")
    for name in ("attack", "sustain", "release"):
        flags.add_argument(f"--{name}", type=float, help="seconds (default 0.5, less for models with short notes)")
    flags.add_argument("--pitch", type=int, help="one of the model's MIDI pitches (default 32 or the nearest)")
    flags.add_argument(
        "--pitches", type=int, nargs="+", metavar="P", help="a pitch for each key point, held until the next"
    )
    flags.add_argument("--seed", type=int, help="the same number gives the same sound (default: random, and reported)")
    condition_flag.add(flags)
    engine.add(flags)
    flags.add_argument("--latents", type=Path, metavar="KEYS.npy", help="key points: float array [n, latent]")
    flags.add_argument(
        "--edits", type=Path, metavar="POINTS.npy", help="walk along directions: float array [n, directions], in sigma"
    )
    flags.add_argument("--directions", metavar="FILE", help="the components file of --edits (default: the model's own)")
    flags.add_argument("--film", type=Path, metavar="FILE.mp4", help="make a video too")
    flags.add_argument("--pictures", metavar="NAME", help="an image model's name or its folder (default: motifs)")
    flags.add_argument(
        "--classes", nargs="+", metavar="CLASS", help="of the image model, by number or name (default: as live)"
    )
    flags.add_argument("--truncation", type=float, metavar="X", help="variety of the images, 0.02..1 (default 0.8)")
    flags.add_argument(
        "--jitter", type=float, metavar="X", help="how far the sound moves them off their path, 0..1 (default 0.4)"
    )
    add_shape_flags(flags, "the image model's own, 256x256 for motifs")
    flags.add_argument("--repeat", type=Path, metavar="FILE.json", help="make the hallucination of this manifest again")
    models.add(flags, models.SOUND, models.IMAGE)
    flags.set_defaults(error=flags.error)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_make, parser().parse_args(argv), PROG)


def _make(args: argparse.Namespace) -> None:
    job = _repeated(args) if args.repeat else _job(args)
    from scripts.shared.hallucination import hallucinate

    job = replace(job, out=unused(job.out, [".png"]))
    if job.video:
        job = replace(job, video=replace(job.video, out=unused(job.video.out, [".json"])))
    for path in hallucinate(job, models.folders(args)):
        print(path)


def _repeated(args: argparse.Namespace) -> "HallucinationJob":
    from scripts.shared.hallucination import repeated

    free = {"repeat", "out", "film", "debug", "error"}
    given = [name for name, value in vars(args).items() if value not in (None, []) and name not in free]
    if given:
        args.error(f"--repeat makes it again as it was; only --out and --film go with it, not --{given[0]}")
    return repeated(args.repeat, args.out, args.film)


def _job(args: argparse.Namespace) -> "HallucinationJob":
    if args.model is None or args.out is None:
        args.error("--model and --out are needed")
    _check_key_points(args)
    from scripts.shared.hallucination import HallucinationJob

    counts = _given(args, ("notes", "steps"))
    if args.pitches and not (args.latents or args.edits):
        counts.setdefault("notes", len(args.pitches))
    conditions = condition_flag.wanted(args.condition)
    return HallucinationJob(
        args.model, args.out, times=_given(args, _TIMES), pitch=args.pitch, pitches=args.pitches or [],
        seed=args.seed, latents=args.latents, edits=args.edits, directions=args.directions,
        conditions=conditions, video=_video(args), **counts, **engine.given(args),
    )  # fmt: skip


def _check_key_points(args: argparse.Namespace) -> None:
    sources = _given(args, ("latents", "edits"))
    if len(sources) == 2:
        args.error("--latents and --edits exclude each other: each gives the key points")
    if sources and _given(args, ("notes", "seed")):
        args.error(f"--{next(iter(sources))} gives the key points, so --notes and --seed do not go with it")
    if args.pitches and args.pitch is not None:
        args.error("--pitch and --pitches exclude each other: one for all notes, or one for each key point")
    if args.directions and not args.edits:
        args.error("--directions says along what --edits go: name the edits")


def _video(args: argparse.Namespace) -> Video | None:
    if args.film is None:
        if needless := _given(args, ("pictures", "classes", *CONTROLS, *SHAPE)):
            args.error(f"--{next(iter(needless))} is for a video: name it with --film FILE.mp4")
        return None
    from renderer.classes import find
    from renderer.image_models import class_names

    folder = find_model(args, args.pictures)
    # Checked here, before anything large is loaded.
    classes = find(args.classes, class_names(folder)) if args.classes else ()
    return Video(args.film, folder, classes, _given(args, CONTROLS), shape=given_shape(args))


def _given(args: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


if __name__ == "__main__":
    sys.exit(main())
