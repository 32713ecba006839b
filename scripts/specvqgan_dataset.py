"""Make paired clips to train sounds for pictures on: features of frames, and the sound that belongs to them.

Without --videos, the clips show pictures of image models, and sound by a rule that a listener can guess: the class of a
picture gives the family of instruments, its light the timbre, its hue the pitch, cuts and motion the notes.

With --videos, they are cut from films in a folder; the names of its subfolders are the classes.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

import numpy as np

from core import families
from core.audio import wav
from core.files import user_folders
from core.progress import show_progress
from core.protocols import ImageModel, SoundModel
from scripts import frame
from scripts.flags import audio_files
from specvqgan.dataset import folder, made_clips, moving_pictures, rule, sheet, videos
from specvqgan.dataset.folder import HELD_OUT, TRAIN, ClipFormat
from specvqgan.dataset.note_bank import NoteBank
from specvqgan.features import extractors
from specvqgan.mel import spectrogram as mel

PROG = "specvqgan_dataset"
# Moments, in columns of the spectrogram: 10.8 in a second.
_COLUMNS = 8
# Columns of the spectrogram for each column of codes.
_STRIDE = 16
_EXAMPLES = 6
_VOICE = "gansynth/percussion"


def columns(text: str) -> int:
    """Columns of a spectrogram that a grid of codes can have.

    Raises:
        argparse.ArgumentTypeError: it is another number.
    """
    found = frame.whole(text, least=2 * _STRIDE)
    if found % _STRIDE:
        raise argparse.ArgumentTypeError(f"must be a multiple of {_STRIDE}, not {text!r}")
    return found


def parser() -> argparse.ArgumentParser:
    """The flags."""
    count = partial(frame.whole, least=1)
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("out_dir", type=frame.path, help="a new folder")
    flags.add_argument("--videos", type=frame.path, metavar="DIR", help="cut clips from the films in this folder")
    flags.add_argument("--skip_bad", action="store_true", help="name films that cannot be read, and skip them")
    flags.add_argument(
        "--frames", type=columns, default=432,
        help="columns of a clip's spectrogram, 86 in a second; a multiple of 16 (default: 432, 5 seconds)",
    )  # fmt: skip
    flags.add_argument(
        "--features", choices=extractors.NAMES, default=extractors.NAMES[0], help="of frames (default: %(default)s)"
    )
    flags.add_argument("--clips", type=count, default=3000, help="clips to learn from (default: 3000)")
    flags.add_argument("--held_out", type=count, default=240, help="others, to judge by (default: 240)")
    flags.add_argument(
        "--models", type=frame.path, nargs="+", metavar="FOLDER", help="image models (default: those that ship)"
    )
    flags.add_argument(
        "--voice", type=frame.path, metavar="FOLDER", help="sound model of strokes (default: percussion)"
    )
    flags.add_argument("--paths", type=partial(frame.whole, least=2), default=36, help="of pictures through each class")
    flags.add_argument("--sound_font", type=frame.path, help=".sf2 or .sf3 file (default: FluidR3 General MIDI)")
    flags.add_argument("--seed", type=partial(frame.whole, least=0), default=0, help="of the clips (default: 0)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    options = parser().parse_args(argv)
    return frame.run(_cut if options.videos else _make, options, PROG)


def _form(options: argparse.Namespace, classes: Sequence[str]) -> ClipFormat:
    found = extractors.find(options.features)
    return ClipFormat(
        mel.SAMPLE_RATE, options.frames, mel.HOP, mel.MELS, options.frames // _COLUMNS, found.depth,
        found.name, tuple(classes),
    )  # fmt: skip


def _cut(options: argparse.Namespace) -> None:
    on_bad = audio_files.report(options)
    samples = options.frames * mel.HOP
    films, classes = videos.find(options.videos, mel.SAMPLE_RATE, samples, on_bad)
    form, extract = _form(options, classes), extractors.find(options.features)
    with folder.writing(options.out_dir, form, seed=options.seed) as writer:
        counts = []
        for part, some in zip((TRAIN, HELD_OUT), videos.divided(films, options.seed), strict=True):
            with show_progress("film", part) as progress:
                found = videos.entries(some, form, extract, _spectrogram, on_bad, progress)
                counts.append(writer.write(part, found, sum(film.clips for film in some)))
    print(
        f"{options.out_dir}: {counts[0]} clips of {form.seconds:.2f} s, and {counts[1]} held out, of {len(films)} films"
    )


def _make(options: argparse.Namespace) -> None:
    from gansynth.dataset import soundfont
    from scripts.shared import foley_instruments

    form, extract = _form(options, rule.NAMES), extractors.find(options.features)
    program, sound_font = soundfont.find_fluidsynth(), soundfont.find_sound_font(options.sound_font)
    with folder.writing(options.out_dir, form, seed=options.seed) as writer:
        with show_progress("instrument", "notes") as progress:
            waves = foley_instruments.waves(
                rule.FAMILIES, [step for _, step in rule.HUES], form.sample_rate, program, sound_font, _voice(options),
                options.seed, progress,
            )  # fmt: skip
        with show_progress("path", "pictures") as progress:
            pictures = moving_pictures.render(_image_models(options), options.paths, options.seed, progress)
        notes = NoteBank(form.sample_rate, waves)
        maker = made_clips.ClipMaker(pictures, notes, form, extract, _spectrogram, options.seed)
        for part, count in ((TRAIN, options.clips), (HELD_OUT, options.held_out)):
            with show_progress("clip", part) as progress:
                writer.write(part, maker.entries(part, count, progress), count)
        _examples(writer, maker)
    print(f"{options.out_dir}: {options.clips} clips of {form.seconds:.2f} s, and {options.held_out} held out, "
          f"seed {options.seed}")  # fmt: skip


def _examples(writer: folder.ClipWriter, maker: made_clips.ClipMaker) -> None:
    """Write a sheet of held-out clips, and their sounds."""
    from PIL import Image

    found = [(maker.clip(HELD_OUT, number)[0], entry) for number, entry in
             enumerate(maker.entries(HELD_OUT, _EXAMPLES))]  # fmt: skip
    picture = sheet.sheet([made.frames for made, _ in found], [entry.mel for _, entry in found])
    Image.fromarray(picture).save(writer.folder / "sheet.png")
    for number, (made, entry) in enumerate(found):
        name = f"{number}_{rule.NAMES[made.family]}_{made.motion}.wav"
        wav.write(writer.folder / name, entry.wave, maker.form.sample_rate)


def _voice(options: argparse.Namespace) -> SoundModel:
    found: SoundModel = families.load(options.voice or user_folders.shipped("models") / _VOICE, "sound")
    return found


def _image_models(options: argparse.Namespace) -> list[ImageModel]:
    """The given ones, or those that ship."""
    found = families.find([user_folders.shipped("models")], "image")
    folders = options.models or [model.folder for model in found if user_folders.ships(model.folder)]
    return [families.load(one, "image") for one in folders]


def _spectrogram(wave: np.ndarray) -> np.ndarray:
    """The spectrogram of a clip, without the frame beyond its end."""
    return mel.clip_spectrogram(wave, len(wave), len(wave) // mel.HOP)


if __name__ == "__main__":
    sys.exit(main())
