"""Make a plane of sounds along two directions: a WAV for each point, a picture of all spectrograms, meta.txt."""

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core.audio import wav
from core.progress import show_progress
from scripts import frame
from scripts.shared import directions

if TYPE_CHECKING:
    from ganspace import Components
    from gansynth.model import Model

PROG = "ganspacesynth_spectrograms"


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    flags = frame.new_parser(PROG, __doc__)
    directions.add_flags(flags)
    flags.add_argument("--output_dir", type=frame.path, required=True, help="folder for the files; created if missing")
    flags.add_argument(
        "--min", type=frame.finite, default=-1.0, help="lowest amount, in standard deviations (default: -1)"
    )
    flags.add_argument("--max", type=frame.finite, default=1.0, help="highest amount (default: 1)")
    flags.add_argument("--steps", type=partial(frame.whole, least=2), default=3, help="points per side (default: 3)")
    flags.add_argument(
        "--directions",
        type=partial(frame.whole, least=1),
        nargs=2,
        default=[1, 2],
        metavar=("RIGHT", "UP"),
        help="which two directions (default: 1 2)",
    )
    flags.add_argument(
        "--seed",
        type=partial(frame.whole, least=0),
        help="the plane goes through the random sound of this seed (default: through the mean)",
    )
    flags.add_argument("--show", action="store_true", help="open the picture afterwards")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if not options.min < options.max:
        flags.error(f"--min is {options.min:g}; it must be below --max, {options.max:g}")
    if options.directions[0] == options.directions[1]:
        flags.error("--directions must be two different ones")
    return frame.run(_plane, options, PROG)


def _plane(options: argparse.Namespace) -> None:
    from ganspace import audio_plots

    paths = [options.output_dir / name for name in ("plot.svg", "plot.png")]
    frame.refuse_existing(*paths, options.output_dir / "meta.txt")
    model, components, pitch = directions.load(options)
    right, up = (number - 1 for number in options.directions)
    if max(right, up) >= components.count:
        raise ValueError(f"{options.pca_file} has no direction {max(right, up) + 1}; it has {components.count}")
    amounts = [float(amount) for amount in np.linspace(options.min, options.max, options.steps).round(6) + 0.0]
    edits = np.zeros((options.steps, options.steps, max(right, up) + 1))
    edits[..., right], edits[..., up] = np.meshgrid(amounts, amounts)
    edits = edits.reshape(options.steps**2, -1)
    options.output_dir.mkdir(parents=True, exist_ok=True)
    with show_progress("note") as progress:
        activations = _activations(model, components, edits, pitch, options.seed)
        waves = model.generate_from_activations(components.layer, activations, [pitch] * len(edits), progress=progress)
    for wave, edit in zip(waves, edits, strict=True):
        name = f"wave_{edit[right]},{edit[up]}.wav"
        wav.write(options.output_dir / name, wave, model.sample_rate)
    titles = (audio_plots.title(components, right), audio_plots.title(components, up))
    plane = waves.reshape(options.steps, options.steps, -1)
    audio_plots.save_plane(paths, plane, amounts, titles, model.sample_rate)
    (options.output_dir / "meta.txt").write_text(_meta(options, model.name, pitch), encoding="utf-8")
    print(f"{options.output_dir}: {len(waves)} sounds, plot.svg, plot.png, meta.txt")
    if options.show:
        webbrowser.open(paths[0].absolute().as_uri())


def _activations(
    model: "Model", components: "Components", edits: np.ndarray, pitch: int, seed: int | None
) -> np.ndarray:
    if seed is None:
        return components.activations(edits, [pitch] * len(edits) if components.knows_pitch else None)
    z = model.prior.draw(np.random.default_rng(seed), 1, precision=np.float64)
    return model.activations(z, [pitch], components.layer) + components.offsets(edits)


def _meta(options: argparse.Namespace, checkpoint: str, pitch: int) -> str:
    """As the course's command writes it, and two lines more."""
    lines = {
        "checkpoint name": checkpoint,
        "pca name": options.pca_file.name,
        "pitch": pitch,
        "min": f"{options.min:g}",
        "max": f"{options.max:g}",
        "steps": options.steps,
        "directions": " ".join(map(str, options.directions)),
        "through": "the mean" if options.seed is None else f"the random sound of seed {options.seed}",
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


if __name__ == "__main__":
    sys.exit(main())
