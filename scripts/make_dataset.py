"""Make a dataset to train on, data.tfrecord and meta.json: from [name]_[pitch] files, libraries of notes, or NSynth."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from core.files import json_files
from core.progress import show_progress
from gansynth.dataset import named_notes, note_import, records
from scripts import frame
from scripts.flags import audio_files

PROG = "gansynth_make_dataset"


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    count = partial(frame.whole, least=1)
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument(
        "--in_dir",
        type=frame.path,
        required=True,
        help="folder of [name]_[pitch] files (wav, aiff, flac, mp3, m4a, ogg, opus, wma), subfolders too; or one with "
        "NSynth's examples.json and audio/; or a library with notes.json or with --names",
    )
    flags.add_argument("--out_dir", type=frame.path, help="folder for the dataset (default: IN_DIR-train)")
    flags.add_argument("--length", type=count, default=64000, help="length of a note in samples (default: %(default)s)")
    flags.add_argument("--labels", type=frame.path, help="JSON file with family, source and qualities by name")
    flags.add_argument(
        "--names", type=_parts, metavar="PARTS",
        help="parts of a library's file names, such as instrument_pitch_dynamic_take for cello_A3_forte_1.wav; "
        "a pitch is a MIDI number or a note",
    )  # fmt: skip
    flags.add_argument(
        "--fit", action="store_true", help="give short notes silence at their end, and cut and fade long ones"
    )
    flags.add_argument("--skip_validate", action="store_true", help="do not check all files before the work")
    audio_files.add_flags(flags)
    return flags


def _parts(text: str) -> tuple[str, ...]:
    try:
        return named_notes.parse_pattern(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_make, parser().parse_args(argv), PROG)


def _make(options: argparse.Namespace) -> None:
    out_dir = options.out_dir or _beside(options.in_dir)
    records.refuse_existing(out_dir)
    report = audio_files.report(options)
    labels = json_files.read_object(options.labels) if options.labels else None
    files = note_import.find(options.in_dir, labels, report, options.names)
    if not (options.skip_validate or options.fit):
        with show_progress("file", "checking") as progress:
            files = note_import.check(files, options.sample_rate, options.length, report, progress)
    with show_progress("note") as progress:
        notes = note_import.read(files, options.sample_rate, options.length, report, progress, options.fit)
        count = records.write(out_dir, notes)
    print(f"{out_dir}: {count} notes of {options.length / options.sample_rate:g} s")


def _beside(in_dir: Path) -> Path:
    whole = in_dir.resolve()
    return whole.with_name(f"{whole.name}-train")


if __name__ == "__main__":
    sys.exit(main())
