"""Make a grid of sounds between four random timbres, one in each corner, at one or more pitches."""

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial

import numpy as np

import gansynth
from core.audio import wav
from core.files.atomic import check_folder
from core.latent.interpolation import slerp
from core.progress import show_progress
from gansynth import latent_prior
from gansynth.config import check_pitch, nearest_pitch
from scripts import frame
from scripts.flags import engine, models

PROG = "gan2n"
_DEFAULT_PITCH = 36
_PART = re.compile(r"(-?\d+)|\((-?\d+)(?:,(-?\d+))?\.\.(-?\d+)\)")


def pitches(text: str) -> list[int]:
    """Pitches such as 36, (36..40) or (36,38..48), with commas between them.

    >>> pitches("24,(36..38),(40,44..50)")
    [24, 36, 37, 38, 40, 44, 48]

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    found: list[int] = []
    for part in re.split(r",(?![^(]*\))", text):
        match = _PART.fullmatch(part.strip())
        if not match:
            raise argparse.ArgumentTypeError(f"must be pitches like 36,(40..43),(48,50..60), not {text!r}")
        single, first, second, last = (int(group) if group is not None else None for group in match.groups())
        if single is not None:
            found.append(single)
        elif first is not None and last is not None:
            step = 1 if second is None else second - first
            if step < 1 or last < first:
                raise argparse.ArgumentTypeError(f"{part} must go upwards")
            found += range(first, last + 1, step)
    return found


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    flags = frame.new_parser(PROG, __doc__)
    models.add_model(flags)
    engine.add(flags)
    flags.add_argument("--output_dir", type=frame.path, required=True, help="folder for the sounds")
    flags.add_argument(
        "--pitches", type=pitches, help='such as "36,(40..43),(48,50..60)" (default: 36 or the nearest of the model)'
    )
    flags.add_argument(
        "--resolution", type=partial(frame.whole, least=2), default=9, help="points per side (default: %(default)s)"
    )
    flags.add_argument("--seed", type=partial(frame.whole, least=0), help="the same seed gives the same timbres")
    flags.add_argument("--batch_size", type=partial(frame.whole, least=1), default=8, help="accepted; no longer needed")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_grid, parser().parse_args(argv), PROG)


def grid(corners: np.ndarray, resolution: int) -> np.ndarray:
    """Latent vectors between four corners [4, latent]: [resolution (y), resolution (x), latent].

    Corners 0 and 1 lie at y = 0, 2 and 3 at y = 1; 0 and 2 at x = 0.
    """
    amounts = np.linspace(0, 1, resolution)
    edges = [(slerp(corners[0], corners[1], x), slerp(corners[2], corners[3], x)) for x in amounts]
    return np.array([[slerp(low, high, y) for low, high in edges] for y in amounts])


def _grid(options: argparse.Namespace) -> None:
    config = gansynth.read_config(options.ckpt_dir)
    chosen = _chosen_pitches(config, options.pitches)
    corners = latent_prior.read(config).draw(np.random.default_rng(frame.seed(options.seed)), 4, precision=np.float64)
    points = grid(corners, options.resolution).reshape(-1, config.latent_size)
    places = [divmod(i, options.resolution) for i in range(len(points))]
    wanted = [(row, column, pitch) for row, column in places for pitch in chosen]
    paths = [options.output_dir / f"gen_x{column}_y{row}_{pitch}.wav" for row, column, pitch in wanted]
    frame.refuse_existing(*paths)
    latents = np.repeat(points, len(chosen), axis=0)
    check_folder(options.output_dir)
    model = frame.load(options)
    with show_progress("note") as progress:
        waves = model.notes(latents, [pitch for *_, pitch in wanted], progress=progress)
        for path, wave in zip(paths, waves, strict=True):
            wav.write(path, wave, model.sample_rate)
    print(f"{options.output_dir}: {len(paths)} sounds, {paths[0].name} to {paths[-1].name}")


def _chosen_pitches(config: gansynth.Config, given: list[int] | None) -> list[int]:
    """The given pitches; without any, the one that the model has nearest to the course's.

    Raises:
        ValueError: the model does not have a given pitch; the message lists its pitches.
    """
    if given is None:
        nearest = nearest_pitch(config.pitches, _DEFAULT_PITCH)
        if nearest != _DEFAULT_PITCH:
            print(f"note: {config.name} has no pitch {_DEFAULT_PITCH}; the nearest is {nearest}")
        return [nearest]
    for pitch in given:
        check_pitch(config.name, config.pitches, pitch)
    return given


if __name__ == "__main__":
    sys.exit(main())
