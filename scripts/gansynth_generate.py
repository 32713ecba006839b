"""Generate notes with a GANSynth checkpoint: random ones, or a MIDI file on random instruments."""

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

import gansynth
from core.audio import wav
from core.audio.levels import at_level
from core.files.atomic import check_folder
from core.files.unused_names import unused
from core.progress import show_progress
from core.text import counted, spans
from gansynth import latent_prior, midi
from gansynth.conditions import check
from gansynth.config import check_pitch
from gansynth.level import measure
from scripts import frame
from scripts.flags import conditions as condition_flag
from scripts.flags import engine, models
from scripts.shared import directions

PROG = "gansynth_generate"
_NOTE_FILE = re.compile(r"generated_(\d+)\.wav")


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    flags = frame.new_parser(PROG, __doc__)
    models.add_model(flags)
    engine.add(flags)
    flags.add_argument("--output_dir", type=frame.path, required=True, help="folder for the sounds; created if missing")
    flags.add_argument(
        "--midi_file", type=str, default="", help="play this file: generated_clip.wav; else generated_0.wav, ..."
    )
    flags.add_argument(
        "--secs_per_instrument",
        type=frame.above_zero,
        default=6.0,
        help="seconds from one random instrument to the next (default: 6)",
    )
    flags.add_argument(
        "--cut", action="store_true", help="cut notes that are too long for the model, instead of repeating their end"
    )
    flags.add_argument("--pitch", type=int, help="the pitch of all notes, without --midi_file (default: random ones)")
    condition_flag.add(flags)
    flags.add_argument("--edits_file", type=frame.path, help="components file (.pickle or .npz) that --edits refers to")
    flags.add_argument(
        "--edits",
        type=directions.edits,
        metavar="E,E,...",
        help="moves every note along the directions, in standard deviations, the first direction first: --edits=2,-0.5",
    )
    flags.add_argument(
        "--raw",
        action="store_true",
        help="notes as the model makes them; otherwise they are as loud as those of other models, within -1 dBFS",
    )
    flags.add_argument("--seed", type=partial(frame.whole, least=0), help="the same seed gives the same sound")
    flags.add_argument(
        "--batch_size",
        type=partial(frame.whole, least=1),
        default=8,
        help="how many notes; with --midi_file, how many are computed at once (default: 8)",
    )
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if options.midi_file and options.pitch is not None:
        flags.error("--pitch and --midi_file exclude each other: the file has the pitches")
    if (options.edits is None) != (options.edits_file is None):
        flags.error("--edits and --edits_file go together")
    return frame.run(_clip if options.midi_file else _single_notes, options, PROG)


def _clip(options: argparse.Namespace) -> None:
    config = gansynth.read_config(options.ckpt_dir)
    conditions = condition_flag.wanted(options.condition)
    check(config, conditions)
    notes = _playable_notes(options.midi_file, config.pitches)
    _report_long(notes, config, options.cut)
    rng = np.random.default_rng(frame.seed(options.seed))
    latents = midi.note_latents(notes, options.secs_per_instrument, latent_prior.read(config), rng, conditions)
    check_folder(options.output_dir)
    model = directions.edited(frame.load(options), options)
    with show_progress("note") as progress:
        clip = midi.render(
            model,
            notes,
            latents,
            conditions=conditions,
            batch_size=options.batch_size,
            repeat=not options.cut,
            progress=progress,
        )
    path = unused(options.output_dir / "generated_clip.wav")
    wav.write(path, clip, model.sample_rate)
    print(f"{path}: {counted(len(notes), 'note')}, {len(clip) / model.sample_rate:.1f} s")


def _playable_notes(name: str, pitches: Sequence[int]) -> list[midi.MidiNote]:
    notes = midi.read_notes(frame.path(name))
    if not notes:
        raise ValueError(f"{name} has no notes to play (drums do not count)")
    kept = midi.playable(notes, pitches)
    if not kept:
        raise ValueError(f"none of the {len(notes)} notes in {name} has a pitch of the model: {spans(pitches)}")
    if len(kept) < len(notes):
        print(f"{len(notes) - len(kept)} of {len(notes)} notes are left out: the model does not have their pitch")
    return kept


def _report_long(notes: Sequence[midi.MidiNote], config: gansynth.Config, cut: bool) -> None:
    """Say how many notes are longer than the model can hold them, and what becomes of them."""
    held_s = midi.longest_held_s(config.sample_rate, config.audio_length)
    if long := sum(note.end_s - note.start_s > held_s for note in notes):
        what = "are cut" if cut else "repeat their steady part, or are cut where there is none"
        print(f"{long} of {len(notes)} notes {what}: the model cannot hold one for more than {held_s:.1f} s")


def _single_notes(options: argparse.Namespace) -> None:
    config = gansynth.read_config(options.ckpt_dir)
    conditions = condition_flag.wanted(options.condition)
    check(config, conditions)
    if options.pitch is not None:
        check_pitch(config.name, config.pitches, options.pitch)
    rng, prior = np.random.default_rng(frame.seed(options.seed)), latent_prior.read(config)
    latents = prior.draw(rng, options.batch_size, conditions, np.float64).astype(np.float32)
    choices = config.pitches if options.pitch is None else (options.pitch,)
    pitches = rng.choice(choices, options.batch_size)
    check_folder(options.output_dir)
    plain = frame.load(options)
    gain_db = None if options.raw else measure(plain).note_db
    model = directions.edited(plain, options)
    paths = _note_files(options.output_dir, len(pitches))
    with show_progress("note") as progress:
        waves = model.notes(latents, pitches, conditions=conditions, progress=progress)
        for path, wave in zip(paths, waves, strict=True):
            wav.write(path, wave if gain_db is None else at_level(wave, gain_db), model.sample_rate)
    for path, pitch in zip(paths, pitches, strict=True):
        print(f"{path}: pitch {pitch}")


def _note_files(folder: Path, count: int) -> list[Path]:
    """The next `count` of generated_0.wav, generated_1.wav, ... after those that a folder has."""
    numbers = [int(match[1]) for path in folder.iterdir() if (match := _NOTE_FILE.fullmatch(path.name))]
    first = max(numbers, default=-1) + 1
    return [folder / f"generated_{number}.wav" for number in range(first, first + count)]


if __name__ == "__main__":
    sys.exit(main())
