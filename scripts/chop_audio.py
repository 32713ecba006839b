"""Cut long recordings into notes of equal length, the first step to a dataset of your own sounds."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from core.progress import show_progress
from gansynth.dataset import slicing
from scripts import frame
from scripts.flags import audio_files

PROG = "gansynth_chop_audio"


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    count = partial(frame.whole, least=1)
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument(
        "in_dir",
        type=frame.path,
        help="folder of sound files (wav, aiff, flac, mp3, m4a, ogg, opus or wma), subfolders too",
    )
    flags.add_argument("out_dir", type=frame.path, help="new folder for the notes, NAME_NUMBER_PITCH.wav")
    flags.add_argument("--len", type=count, default=64000, help="length of a note in samples (default: %(default)s)")
    flags.add_argument("--step", type=count, help="samples from one start to the next (default: the length of a note)")
    flags.add_argument(
        "--pitch", type=audio_files.pitch, default=32, help="MIDI pitch for the names (default: %(default)s)"
    )
    audio_files.add_flags(flags)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_chop, parser().parse_args(argv), PROG)


def _chop(options: argparse.Namespace) -> None:
    note_format = slicing.NoteFormat(options.sample_rate, options.len, options.step, options.pitch)
    with show_progress("file") as progress:
        notes = slicing.chop(options.in_dir, options.out_dir, note_format, audio_files.report(options), progress)
    print(f"{options.out_dir}: {notes} notes of {note_format.length / note_format.sample_rate:g} s")


if __name__ == "__main__":
    sys.exit(main())
