"""Make a video of a song in which the whole song moves the image: its parts, harmony, drums and level.

A configuration says what follows what: a preset (default, aiart, aiart-late) or a TOML file of your own; docs/react.md
explains it. The video is as long as the song; beside it goes NAME.json, which makes it again (--repeat).
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files.unused_names import unused
from core.nn.names import PRECISIONS
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
)

if TYPE_CHECKING:
    from renderer.react.video import ReactJob

PROG = "hallu react"
DEFAULT = "default"


def parser() -> argparse.ArgumentParser:
    """The flags; they have no defaults, so that the given ones can be told apart."""
    flags = frame.new_parser(PROG, __doc__)
    add = flags.add_argument
    add("song", nargs="?", type=frame.path, metavar="SONG", help="a sound file of any kind")
    add(
        "--stems",
        type=frame.path,
        metavar="DIR",
        help="a folder with drums, bass, other and vocals of the song (default: separated from it)",
    )
    add(
        "--separate",
        choices=("bands", "spleeter"),
        help="how: by what is harmonic, short and low (default), or the voice by a trained network, see docs/react.md",
    )
    add("--config", metavar="FILE", help="a .toml, or a preset: default, aiart, aiart-late (default: default)")
    _add_video_flags(flags)
    flags.set_defaults(error=flags.error)
    return flags


def _add_video_flags(flags: argparse.ArgumentParser) -> None:
    """Add the flags that say what video it is."""
    add = flags.add_argument
    add("-d", "--duration", type=float, metavar="S", help="only the first S seconds (default: all)")
    add("--fps", type=frame.above_zero, metavar="N", help="frames per second, 1..240 (default 24)")
    add("-c", "--classes", nargs="+", metavar="CLASS", help="the classes, by number or by name (default: drawn)")
    add("-o", "--out", type=frame.path, metavar="FILE.mp4", help="the video (default: output/ and the song's name)")
    add(
        "--seed",
        type=partial(frame.whole, least=0),
        help="the same number gives the same video (default: random, and reported)",
    )
    add("--print_config", action="store_true", help="print the configuration, such as to change it, and end")
    add("--repeat", type=frame.path, metavar="FILE.json", help="make the video of this manifest again")
    add(
        "--precision",
        choices=PRECISIONS,
        help="f32 (default), or bf16: several times faster where the processor has it",
    )
    add_shape_flags(flags, "the model's own")
    add_model_flags(flags)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_make, parser().parse_args(argv), PROG)


def _make(args: argparse.Namespace) -> None:
    if args.print_config:
        from renderer.react.config_file import load_text

        print(load_text(args.config or DEFAULT), end="")
        return
    job = _repeated(args) if args.repeat else _job(args)
    from renderer.react.video import make

    job = replace(job, out=unused(job.out, [".json"]))
    with show_progress("frame", "rendering") as progress:
        paths = make(job, partial(load_image_model, **engine.given(args) | {"precision": job.precision}), progress)
    for path in paths:
        print(path)


def _repeated(args: argparse.Namespace) -> "ReactJob":
    from renderer.react.video import repeated

    free = {"repeat", "out", "debug", "error", "engine"}
    given = [name for name, value in vars(args).items() if value not in (None, False) and name not in free]
    if given:
        args.error(f"--repeat makes a video again; only --out and --engine go with it, not {given[0]}")
    return repeated(args.repeat, _out(args))


def _out(args: argparse.Namespace) -> Path | None:
    """The path of the video, if it is given; .mp4 is added where there is no suffix."""
    return args.out if not args.out or args.out.suffix else args.out.with_suffix(".mp4")


def _job(args: argparse.Namespace) -> "ReactJob":
    if args.song is None:
        args.error("one SONG is needed")
    from renderer.classes import find
    from renderer.image_models import class_names
    from renderer.react.config_file import load_values, read_config
    from renderer.react.rehearsal import rehearse
    from renderer.react.video import ReactJob
    from renderer.video.shape import Shape

    values = load_values(args.config or DEFAULT)
    # Wrong input is found here, before anything large is loaded.
    rehearse(read_config(values))
    given: dict[str, Any] = {"stems": args.stems, "duration_s": args.duration, "shape": Shape(**given_shape(args))}
    given |= {name: getattr(args, name) for name in ("separate", "precision") if getattr(args, name)}
    if args.fps is not None:
        given["fps"] = args.fps
    model = find_model(args, args.model)
    if args.classes:
        given["classes"] = tuple(map(str, find(args.classes, class_names(model))))
    out = _out(args) or place(None, args.song.stem, (".mp4",))
    return ReactJob(args.song, out, model, frame.seed(args.seed), values, **given)


if __name__ == "__main__":
    sys.exit(main())
