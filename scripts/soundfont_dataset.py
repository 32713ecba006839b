"""Make a dataset of notes that FluidSynth plays from a sound font, with NSynth's labels."""

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial

from core.progress import show_progress
from gansynth.dataset import records, soundfont
from gansynth.dataset.general_midi import IN_TUNE, INSTRUMENTS
from scripts import frame
from scripts.flags import audio_files

PROG = "gansynth_soundfont_dataset"


def numbers(text: str) -> list[int]:
    """Whole numbers and ranges, "0-3,40": 0 1 2 3 40.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    listed: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part.strip())
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise argparse.ArgumentTypeError(f'must be numbers and ranges such as "24-84" or "0-3,40", not {text!r}')
        listed += range(int(match[1]), int(match[2] or match[1]) + 1)
    return list(dict.fromkeys(listed))


def families(text: str) -> list[int]:
    """The programs of some families that are in tune, "keyboard,string".

    Raises:
        argparse.ArgumentTypeError: there is no such family.
    """
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in records.FAMILIES]:
        raise argparse.ArgumentTypeError(f"must be of {' '.join(records.FAMILIES)}, not {unknown[0]!r}")
    return [program for program in IN_TUNE if INSTRUMENTS[program].family in words]


def parser() -> argparse.ArgumentParser:
    """The flags."""
    count = partial(frame.whole, least=1)
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("--out_dir", type=frame.path, help="folder for the dataset")
    flags.add_argument("--sound_font", type=frame.path, help=".sf2 or .sf3 file (default: FluidR3 General MIDI)")
    which = flags.add_mutually_exclusive_group()
    which.add_argument(
        "--programs",
        type=numbers,
        default=list(IN_TUNE),
        help='General MIDI instruments, counted from 0, such as "0-7,40" (default: all that are in tune)',
    )
    which.add_argument(
        "--families", type=families, dest="programs", help='those of them that are in tune, such as "keyboard,string"'
    )
    flags.add_argument("--pitches", type=numbers, default=numbers("24-84"), help="MIDI pitches (default: 24-84)")
    flags.add_argument("--velocities", type=numbers, default=[100], help="1 to 127 each (default: 100)")
    flags.add_argument("--length", type=count, default=64000, help="length of a note in samples (default: %(default)s)")
    flags.add_argument("--hold_s", type=frame.above_zero, default=3.0, help="seconds to the key release (default: 3)")
    flags.add_argument("--list", action="store_true", help="list the instruments and their labels, and stop")
    audio_files.add_flags(flags, bad_files=False)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if not options.list and options.out_dir is None:
        flags.error("--out_dir is needed")
    return frame.run(_list if options.list else _make, options, PROG)


def _list(options: argparse.Namespace) -> None:
    for one in INSTRUMENTS.values():
        print(
            f"{one.program:4} {one.name:20} {one.family:11} {one.source:11} {' '.join(sorted(one.qualities))}".rstrip()
        )


def _make(options: argparse.Namespace) -> None:
    plan = soundfont.SoundFontPlan(
        options.programs, options.pitches, options.velocities, options.sample_rate, options.length, options.hold_s
    )
    records.refuse_existing(options.out_dir)
    program, sound_font = soundfont.find_fluidsynth(), soundfont.find_sound_font(options.sound_font)
    total = len(plan.keys())
    with show_progress("note") as progress:
        count = records.write(options.out_dir, soundfont.render(plan, program, sound_font, progress))
    left_out = f"; {total - count} silent ones omitted" if count < total else ""
    print(f"{options.out_dir}: {count} notes of {plan.length / plan.sample_rate:g} s from {sound_font.name}{left_out}")


if __name__ == "__main__":
    sys.exit(main())
