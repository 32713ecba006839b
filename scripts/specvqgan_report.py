"""Measure a foley model on clips that it has not seen: from frames alone, does the sound fit?

It tells the share of sounds whose class is right (by a judge that has learned from real sounds), how onsets follow the
pictures' pulses, how brightness follows light, what codebook and vocoder lose, and how fast it is. Real sounds stand
beside. With --bundle, three trained networks become a model first.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

import specvqgan
from core.files.atomic import new_folder, write_text
from core.progress import show_progress
from core.scikit_learn import scikit_learn
from scripts import frame
from specvqgan.dataset import folder
from specvqgan.dataset.folder import HELD_OUT, TRAIN, ClipFormat, ClipSet
from specvqgan.report import bundle, report
from specvqgan.report.report import Made, Parts
from specvqgan.training import sheets
from specvqgan.vocoder.refined import RefinedVocoder

PROG = "specvqgan_report"
_EXAMPLES = 6


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("model_dir", type=frame.path, help="folder with codebook/, transformer/ and vocoder/")
    flags.add_argument("data_dir", type=frame.path, help="folder of clips, from specvqgan_dataset")
    flags.add_argument("--out", type=frame.path, metavar="DIR", help="new folder for figures, a sheet and sounds")
    flags.add_argument("--bundle", type=frame.path, metavar="DIR", help="write model_dir as a model into a new folder")
    flags.add_argument("--refine", action="store_true", help="refine the vocoder's sound by a search for phases")
    flags.add_argument("--temperature", type=frame.above_zero, default=1.0, help="of the codes (default: 1)")
    flags.add_argument("--top_k", type=int, metavar="N", help="of the likeliest codes to draw from (default: half)")
    flags.add_argument("--seed", type=int, default=0, help="of the codes (default: 0)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_report, parser().parse_args(argv), PROG)


def _report(options: argparse.Namespace) -> None:
    # It judges at the end, after minutes.
    scikit_learn("linear_model")
    form = folder.read_format(options.data_dir)
    learned, clips = (folder.read(options.data_dir, part) for part in (TRAIN, HELD_OUT))
    paths = {name: options.model_dir / name for name in ("codebook", "transformer", "vocoder")}
    if options.bundle:
        bundle.write(options.bundle, paths, form, options.top_k, options.refine)
        print(f"{options.bundle}: a model of {form.seconds:.2f} s")
    parts = Parts(
        specvqgan.load_codebook(paths["codebook"]), specvqgan.load_transformer(paths["transformer"]),
        specvqgan.load_vocoder(paths["vocoder"]), options.temperature, options.top_k, options.seed,
    )  # fmt: skip
    with show_progress("clip") as progress:
        made, clip_s = report.make(parts, clips, progress)
    figures = asdict(report.figures(parts, form, learned, clips, made, clip_s))
    for name, value in figures.items():
        print(f"{name}: {value:.3g}")
    if options.out:
        with new_folder(options.out) as out:
            write_text(out / "figures.json", json.dumps(figures, indent=1) + "\n")
            _show(out, parts, form, clips, made, options.refine)


def _show(out: Path, parts: Parts, form: ClipFormat, clips: ClipSet, made: Made, refine: bool) -> None:
    """A sheet of some clips, one of each class first, and sounds: the real one, what is left of it, what is made."""
    import soundfile

    labels, vocoder = np.asarray(clips.labels), RefinedVocoder(parts.vocoder) if refine else parts.vocoder
    firsts = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)]
    rows = np.array((firsts + [row for row in range(len(clips)) if row not in firsts])[:_EXAMPLES])
    sheets.write(out / "sheet.png", {name: mels[rows] for name, mels in asdict(made).items()})
    for row in rows:
        waves = [vocoder.generate(mels[row : row + 1])[0] for mels in (made.round_trip, made.made)]
        pause = np.zeros(form.sample_rate // 4, np.float32)
        sound = np.concatenate([clips.wave(row), pause, waves[0], pause, waves[1]])
        soundfile.write(out / f"{row}_{form.classes[labels[row]]}.flac", np.clip(sound, -1, 1), form.sample_rate)


if __name__ == "__main__":
    sys.exit(main())
