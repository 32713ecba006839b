"""Make a video of a song: pitches choose an image model's classes, loudness and onsets move its noise.

The video goes into output/ as NAME.mp4, beside it NAME.json, which makes it again (--repeat), and NAME.npz.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files.unused_names import unused
from core.progress import show_progress
from scripts import frame
from scripts.flags import engine
from scripts.flags.video import (
    add_model_flags,
    add_shape_flags,
    find_model,
    given_shape,
    load_image_model,
    place,
    ranged,
)

if TYPE_CHECKING:
    from renderer.video.visualize import VideoJob

log = logging.getLogger(__name__)

PROG = "hallu visualize"
# Flags that control the images: flag, short flag, what it does.
_CONTROLS = (
    ("pitch_sensitivity", "ps", "how quickly the classes follow a pitch, 200..295 (default 220)"),
    ("tempo_sensitivity", "ts", "how far loudness and onsets move the noise, 0.05..0.8 (default 0.25)"),
    ("jitter", "j", "how unevenly they move its values, 0..1 (default 0.5)"),
    (
        "frame_length",
        "fl",
        "samples at 22050 Hz per frame, a multiple of 64 (default 512: 43 frames per second)",
    ),
    ("truncation", "t", "variety, at the cost of fidelity, 0.1..1 (default 1)"),
    ("smooth_factor", "sf", "how much the classes are smoothed, 10..30 (default 20)"),
    ("depth", None, "weight of the classes, 0.01..1 (default 1)"),
    ("class_contrast", None, "how clearly one class stands out, 1..24 (default 12; 3: mixtures of several)"),
)


def parser() -> argparse.ArgumentParser:
    """The flags; they have no defaults, so that the given ones can be told apart."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("song_first", nargs="?", type=Path, metavar="SONG", help="a sound file of any kind")
    flags.add_argument("-s", "--song", type=Path, metavar="SONG", help="the same")
    flags.add_argument(
        "-r", "--resolution", type=int, choices=(128, 256, 512), help="of the image model (default: any)"
    )
    flags.add_argument("-d", "--duration", type=float, metavar="S", help="only the first S seconds (default: all)")
    for name, short, text in _CONTROLS:
        names = ([f"-{short}"] if short else []) + [f"--{name}"]
        flags.add_argument(*names, type=ranged(name), metavar="X", help=text)
    flags.add_argument(
        "--mix",
        choices=("blend", "peak"),
        help="blend: mixtures of classes that the model has learned (default); peak: overdriven",
    )
    flags.add_argument(
        "--change_on",
        choices=("beat", "bar", "phrase", "pitch"),
        help="when the classes change: on each beat (default), on each 4th, on each 16th, or whenever the pitch does",
    )
    _add_class_flags(flags)
    flags.add_argument(
        "-bs",
        "--batch_size",
        type=ranged("batch_size"),
        metavar="N",
        help="frames that the model renders at once (default 20)",
    )
    flags.add_argument("-o", "--output_file", metavar="NAME", help="the video (default: output/ and the song's name)")
    flags.add_argument("--seed", type=int, help="the same number gives the same video (default: random, and reported)")
    flags.add_argument("--repeat", type=Path, metavar="FILE.json", help="make the video of this manifest again")
    add_shape_flags(flags, "the model's own, 256x256 for motifs")
    add_model_flags(flags)
    flags.set_defaults(error=flags.error)
    return flags


def _add_class_flags(flags: argparse.ArgumentParser) -> None:
    """Add the flags that say where the classes come from."""
    flags.add_argument("-c", "--classes", nargs="+", metavar="CLASS", help="the classes, by number or by name")
    flags.add_argument(
        "-n",
        "--num_classes",
        type=ranged("num_classes"),
        metavar="N",
        help="how many classes, 1..12 (default 12, nearly always one at a time)",
    )
    flags.add_argument(
        "--sort_by_power",
        "--sort_pitches",
        "--sort_pitch",
        action="store_true",
        help="the first class goes with the strongest pitch (default: the classes are a chromatic scale)",
    )
    flags.add_argument("--use_last_vectors", action="store_true", help="use the last video's noise and classes again")
    flags.add_argument("--use_last_classes", action="store_true", help="use the last video's classes")
    flags.add_argument("-l", "--lyrics", type=Path, metavar="FILE", help="a text file that chooses the classes")
    flags.add_argument(
        "-e",
        "--encoding",
        choices=("sbert",),
        help="encoder of the text: sbert compares sentences; see docs/video.md",
    )
    flags.add_argument(
        "-es",
        "--encoding_strategy",
        choices=("best", "random", "ransac"),
        help="how it chooses (default: random)",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_make, parser().parse_args(argv), PROG)


def _make(args: argparse.Namespace) -> None:
    job = _repeated(args) if args.repeat else _job(args)
    from renderer.video.visualize import make

    job = replace(job, out=unused(job.out, [".json", ".npz"]))
    with show_progress("frame", "rendering") as progress:
        paths = make(job, partial(load_image_model, **engine.given(args)), memory(), progress)
    for path in paths:
        print(path)


def memory() -> Path:
    """The folder with the last video's manifest and vectors."""
    from core.files.user_folders import data_dir

    return data_dir() / "visualize"


def _repeated(args: argparse.Namespace) -> "VideoJob":
    from renderer.video.visualize import repeated

    free = {"repeat", "output_file", "debug", "error", "engine"}
    given = [
        name for name, value in vars(args).items() if value is not None and value is not False and name not in free
    ]
    if given:
        args.error(f"--repeat makes a video again; only --output_file and --engine go with it, not {given[0]}")
    return repeated(args.repeat, place(args.output_file, "", (".mp4",)) if args.output_file else None)


def _job(args: argparse.Namespace) -> "VideoJob":
    song = args.song or args.song_first
    if song is None or (args.song and args.song_first):
        args.error("one SONG is needed, alone or after --song")
    from renderer.classes import find
    from renderer.image_models import class_names
    from renderer.video.shape import Shape
    from renderer.video.visualize import Lyrics, VideoJob

    out = place(args.output_file, song.stem, (".mp4",))
    options = _classes(args, out) | {"shape": Shape(**given_shape(args))}
    if args.lyrics and not args.use_last_vectors:
        options["lyrics"] = Lyrics(args.lyrics, args.encoding or "sbert", args.encoding_strategy)
    elif args.encoding or args.encoding_strategy:
        args.error("--encoding and --encoding_strategy are for --lyrics: name the lyrics too")
    if args.batch_size is not None:
        options["batch_size"] = args.batch_size
    model = find_model(args, args.model, args.resolution)
    if options.get("classes"):
        # Checked here, before anything large is loaded.
        options["classes"] = tuple(map(str, find(options["classes"], class_names(model))))
    return VideoJob(
        song.expanduser(), out, model, frame.seed(args.seed), _response(args), duration_s=args.duration, **options
    )


def _response(args: argparse.Namespace) -> Any:
    from renderer.video.response import Response

    names = [name for name, _, _ in _CONTROLS] + ["mix", "change_on"]
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    return Response(**given, sort_by_power=args.sort_by_power)


def _classes(args: argparse.Namespace, out: Path) -> dict[str, Any]:
    """Where the classes come from, and the vectors if they are saved ones."""
    from renderer.video.visualize import last_classes, last_vectors

    if args.use_last_vectors:
        path = last_vectors(memory(), out)
        log.info("vectors of %s; what would move them (-ps -ts -c -n -j -fl -t -sf -l) has no effect", path)
        return {"vectors": path}
    sources = {"--classes": args.classes, "--lyrics": args.lyrics, "--use_last_classes": args.use_last_classes}
    given = [name for name, value in sources.items() if value]
    if len(given) > 1:
        args.error(f"{given[0]} and {given[1]} exclude each other: each says what the classes are")
    if args.use_last_classes:
        return {"classes": last_classes(memory(), out), "num_classes": args.num_classes}
    return {"classes": tuple(args.classes or ()), "num_classes": args.num_classes}


if __name__ == "__main__":
    sys.exit(main())
