"""Find the latent vectors whose notes come nearest to recorded sounds.

Each sound file, of any kind, gives one vector: its first sound counts, at its own pitch, without its level. FILE.npy
holds them, float [sounds, latent], as `hallu hallucinate --latents` takes them; beside it FILE.wav has their notes, one
after the other. The first time for a model, some thousand of its notes are rendered and kept.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.audio import wav
from core.files.atomic import check_folder, replacing
from core.files.unused_names import unused
from core.progress import show_progress
from scripts import frame
from scripts.flags import conditions as condition_flag
from scripts.flags import engine, models

PROG = "hallu match"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("sounds", type=frame.path, nargs="+", metavar="SOUND", help="a sound file, such as voice.wav")
    flags.add_argument("--model", metavar="M", help="a checkpoint's name (hallu models) or its folder (default: fluid)")
    flags.add_argument("--pitch", type=int, help="of the notes, one of the model's (default: each sound's own)")
    flags.add_argument(
        "--out", type=frame.path, default=Path("match.npy"), metavar="FILE.npy", help="(default: %(default)s)"
    )
    condition_flag.add(flags)
    engine.add(flags)
    models.add(flags, models.SOUND)
    flags.set_defaults(model="fluid")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if options.out.suffix != ".npy":
        flags.error(f"--out must end in .npy, not {options.out.name!r}")
    return frame.run(_match, options, PROG)


def _match(options: argparse.Namespace) -> None:
    import gansynth
    from gansynth import matching
    from gansynth.conditions import check
    from gansynth.config import check_pitch
    from scripts.shared.hallucination import find_model

    folder = find_model(options.model, models.folders(options))
    config, conditions = gansynth.read_config(folder), condition_flag.wanted(options.condition)
    check(config, conditions)
    if options.pitch is not None:
        check_pitch(config.name, config.pitches, options.pitch)
    recordings = [matching.read_recording(path, config.sample_rate) for path in options.sounds]
    check_folder(options.out.parent)
    model = gansynth.load(folder, **engine.given(options))
    found = []
    for path, recording in zip(options.sounds, recordings, strict=True):
        with show_progress("note", path.name) as progress:
            match = matching.find(model, recording, options.pitch, conditions=conditions, progress=progress)
        print(f"{path}: pitch {match.pitch}, {match.distance_db:.1f} dB apart")
        found.append(match)
    keys = np.stack([match.z for match in found])
    notes = model.generate(keys, [match.pitch for match in found], conditions=conditions)
    out = unused(options.out, [".wav"])
    with replacing(out) as part:
        np.save(part, keys)
    wav.write(out.with_suffix(".wav"), notes.ravel(), model.sample_rate)
    print(f"{out}\n{out.with_suffix('.wav')}")


if __name__ == "__main__":
    sys.exit(main())
