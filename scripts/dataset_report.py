"""Report what a dataset contains: notes per pitch and label, loudness, silence, duplicates, spectrograms."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from core.files.unused_names import unused
from core.progress import show_progress
from gansynth.dataset import records, summary
from scripts import frame

PROG = "gansynth_dataset_report"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("dir", type=frame.path, help="folder with data.tfrecord and meta.json")
    flags.add_argument("--picture", type=frame.path, help="the sheet, .png, .svg or .pdf (default: DIR/sheet.png)")
    flags.add_argument(
        "--sample_rate",
        type=partial(frame.whole, least=1),
        default=16000,
        help="of the notes, in Hz; which the dataset does not contain (default: %(default)s)",
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if options.picture and options.picture.suffix.lower() not in {".png", ".svg", ".pdf"}:
        flags.error(f"--picture must end in .png, .svg or .pdf, not {options.picture.name!r}")
    return frame.run(_report, options, PROG)


def _report(options: argparse.Namespace) -> None:
    labels = records.read_labels(options.dir)
    if not labels:
        raise ValueError(f"{options.dir} holds no notes")
    chosen = dict.fromkeys(summary.choose(labels))
    report, shown = summary.DatasetSummary(), {}
    with show_progress("note") as progress:
        for done, note in enumerate(records.read(options.dir)):
            progress(done, len(labels))
            report.add(note)
            if note.name in chosen:
                shown[note.name] = note
        progress(len(labels), len(labels))
    picture = unused(options.picture or options.dir / "sheet.png")
    summary.save_sheet(picture, [shown[name] for name in chosen], options.sample_rate)
    for line in report.lines():
        print(line)
    print(f"{picture}: {len(chosen)} of {len(labels)} notes, low to high")


if __name__ == "__main__":
    sys.exit(main())
