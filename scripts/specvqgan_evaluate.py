"""Compare generated sounds with real ones: distances of levels, and what trained judges say, as far as they are given.

Both folders hold spectrograms (.npy, 80 bands, values in 0..1) or sounds, subfolders too. Names say which belong
together: `cls_2/video_00003_sample_1.npy` or `dog/video_00003.wav` is of the real `dog/video_00003_mel.npy`.

Without any weights from outside there is the mel distance of pairs. FID, KID, inception score and MKL as the papers
report them need Melception's weights and the statistics of its training set; FAD needs musicnn's wheel.

With --keep, a run that was stopped goes on where it was, and sounds that have been judged are not judged again.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from core.files import atomic
from core.progress import show_progress
from core.scikit_learn import scikit_learn
from scripts import frame
from scripts.flags import engine

if TYPE_CHECKING:
    from specvqgan.metrics.evaluation import Evaluation, Figure

PROG = "specvqgan_evaluate"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("--fake", type=frame.path, required=True, metavar="DIR", help="folder of generated sounds")
    flags.add_argument("--real", type=frame.path, required=True, metavar="DIR", help="folder of real sounds")
    flags.add_argument("--out", type=frame.path, metavar="FILE.json", help="also write the figures to a file")
    flags.add_argument("--melception", type=frame.path, metavar="FILE.pt", help="weights of Melception")
    flags.add_argument(
        "--stats", type=frame.path, metavar="FILE.txt",
        help="means and deviations of Melception's training set, such as train_means_stds_melspec_10s_22050hz.txt",
    )  # fmt: skip
    flags.add_argument(
        "--musicnn", type=frame.path, metavar="WHEEL",
        help="the tagger musicnn: its wheel (pip download --no-deps musicnn), or where it is installed",
    )  # fmt: skip
    flags.add_argument("--vocoder", type=frame.path, metavar="DIR", help="a MelGAN that makes sounds of spectrograms")
    flags.add_argument(
        "--classes", type=frame.names, default=[], metavar="A,B,...",
        help="all names of classes, of which a folder cls_N is the Nth (default: the real sounds' folders)",
    )  # fmt: skip
    flags.add_argument(
        "--recognised", action="store_true", help="folders cls_N are classes of Melception: say how often it knows them"
    )
    flags.add_argument(
        "--as_original", action="store_true", help="do not hold generated spectrograms in 0..1, as in the papers"
    )
    count = partial(frame.whole, least=1)
    flags.add_argument("--jobs", type=count, default=1, help="processes that share the sounds (default: 1)")
    flags.add_argument("--keep", type=frame.path, metavar="DIR", help="keep what is measured, for the next run")
    engine.add(flags)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if (options.melception is None) != (options.stats is None):
        flags.error("--melception and --stats are needed together")
    if options.recognised and options.melception is None:
        flags.error("--recognised needs --melception")
    return frame.run(_evaluate, options, PROG)


def _evaluate(options: argparse.Namespace) -> None:
    from specvqgan.metrics import clip_sounds, evaluation, measuring

    if options.recognised:
        # It judges at the end, after minutes.
        scikit_learn("metrics")
    if options.out:
        frame.refuse_existing(options.out)
        atomic.check_writable(options.out)
    if options.keep:
        atomic.check_folder(options.keep)
    generated, real = clip_sounds.find(options.fake), clip_sounds.find(options.real)
    given = evaluation.Given(
        options.melception is not None, options.musicnn is not None, not options.as_original, options.recognised
    )
    files = measuring.MeasurerFiles(
        options.melception, options.stats, options.musicnn, options.vocoder, given.clip, **engine.given(options)
    )
    measure = partial(measuring.shared, files, options.jobs, options.keep)
    with show_progress("measurement", "judging") as progress:
        found = evaluation.compare(generated, real, measure, given, classes=options.classes, progress=progress)
    print(_table(found))
    if options.out:
        atomic.write_text(options.out, json.dumps(_described(options, found), indent=2) + "\n")


def _table(found: "Evaluation") -> str:
    """The figures, what is missing and what must be known, as lines of text."""
    rows = [("", "value", "real halves", "")]
    rows += [_row(figure) for figure in found.figures.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [f"{found.generated} generated sounds, {found.real} real ones, {found.pairs} pairs", ""]
    for name, *values in rows:
        cells = (value.rjust(width) for value, width in zip(values, widths[1:], strict=True))
        lines.append("  ".join((name.ljust(widths[0]), *cells)).rstrip())
    lines += [""] + [f"not measured: {name} ({reason})" for name, reason in found.missing.items()]
    return "\n".join([*lines, *found.notes]).strip()


def _row(figure: "Figure") -> tuple[str, str, str, str]:
    value = f"{figure.value:.4f}" + (f" +- {figure.deviation:.4f}" if figure.deviation is not None else "")
    of_real = f"{figure.of_real:.4f}" if figure.of_real is not None else "-"
    return figure.name, value, of_real, f"{figure.better} is better"


def _described(options: argparse.Namespace, found: "Evaluation") -> dict[str, Any]:
    names = ("fake", "real", "melception", "stats", "musicnn", "vocoder", "classes", "as_original", "precision")
    asked = {name: getattr(options, name) for name in names}
    plain = {name: str(value) if hasattr(value, "is_file") else value for name, value in asked.items()}
    return {"asked": plain, **_finite(found.described())}


def _finite(value: Any) -> Any:
    """Values for JSON, which has no infinity."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    sys.exit(main())
