"""Sample sounds for many clips: films in folders, one for each class, or files of features.

Each clip gets OUT/cls_N/CLIP_sample_0.npy, a spectrogram, and .wav, its sound, as `specvqgan_evaluate` and the
original's evaluation expect them. A run that was stopped goes on where it was when it is started again.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from core.progress import show_progress
from scripts import frame
from scripts.flags import audio_files, engine, models
from scripts.shared import foley_folder
from scripts.specvqgan_features import shard

PROG = "specvqgan_sample"
MODES = ("nopix", "half")


def parser() -> argparse.ArgumentParser:
    """The flags."""
    count = partial(frame.whole, least=1)
    flags = frame.new_parser(PROG, __doc__)
    add = flags.add_argument
    add(
        "clips",
        type=frame.path,
        metavar="DIR",
        help="a folder of films or of files of features; its subfolders are classes",
    )
    add("--out", type=frame.path, required=True, metavar="DIR", help="folder for the samples")
    add("--model", metavar="NAME_OR_FOLDER", help="a model, or a run of a transformer (default: the first model found)")
    add("--vocoder", type=frame.path, metavar="DIR", help="the vocoder, for a run of the original's")
    add("--features", type=frame.path, metavar="FILE", help="ResNet-50 of torchvision, for such a run and films")
    add(
        "--samples", type=count, default=1, metavar="N", help="for each clip (default: 1; the original takes 10 of VAS)"
    )
    add(
        "--mode", choices=MODES, default=MODES[0], help="half: begin with half of the clip's own codes (default: nopix)"
    )
    add("--temperature", type=frame.finite, default=1.0, metavar="T", help="0: always the likeliest (default: 1)")
    add("--top_k", type=count, metavar="K", help="draw from the K likeliest codes (default: half of them)")
    add(
        "--classes",
        type=frame.names,
        default=[],
        metavar="A,B,...",
        help="names of classes in order (default: the folders')",
    )
    add("--seed", type=partial(frame.whole, least=0), default=0, help="of the draws (default: 0)")
    add("--jobs", type=count, default=1, help="processes that share the clips (default: 1)")
    add("--shard", type=shard, default=(1, 1), metavar="I/N", help="do the Ith of N shares, for several machines")
    add("--skip_bad", action="store_true", help="name clips that cannot be read, and skip them")
    engine.add(flags)
    models.add(flags, models.FOLEY)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_sample, parser().parse_args(argv), PROG)


def _sample(options: argparse.Namespace) -> None:
    from specvqgan.foley import many
    from specvqgan.foley.many import SampleSettings

    number, total = options.shard
    clips = many.find(options.clips, options.classes)[number - 1 :: total]
    folder = foley_folder.locate(options.model, models.folders(options))
    settings = SampleSettings(
        folder.resolve(), options.vocoder, options.features, options.samples, options.mode, options.temperature,
        options.top_k, options.seed, **engine.given(options),
    )  # fmt: skip
    with show_progress("clip", "sampling") as shown:
        written = many.sample(
            clips, options.out, settings, jobs=options.jobs, on_bad=audio_files.report(options), progress=shown
        )
    print(f"{options.out}: samples of {len(clips)} clips, {written} of them new")


if __name__ == "__main__":
    sys.exit(main())
