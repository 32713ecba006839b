"""Shrink a run folder to what playing needs: the averaged generator of the latest save, and its settings.

It prints what it would do, and does it only with --execute. Magenta cannot load a shrunk folder, and training can go on
from it only with --continuable, which keeps the discriminator beside it. --half halves its size, which cannot be heard:
weights in half precision, as a .safetensors file; --float32 turns such a folder back into TensorFlow's format.
--consistent_phases, --phase_locking and --levels_of change how the model is played, in its experiment.json;
--learned_latents changes what its random latents are.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from core.progress import show_progress
from core.training.settings import EXPORTED
from gansynth import config, latent_prior, octave_gains, shrink
from gansynth.dataset import records
from gansynth.training import continuation, run_folder
from scripts import frame

PROG = "gansynth_postprocess_model"
_PHASES = ("consistent_phases", "phase_locking")


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    flags = frame.new_parser(PROG, __doc__)
    flags.add_argument("--ckpt_dir", type=frame.path, required=True, help="the run folder")
    flags.add_argument("--meta_path", type=frame.path, help="meta.json of the dataset, to copy into the folder")
    how = flags.add_mutually_exclusive_group()
    how.add_argument("--half", action="store_true", default=None, help="keep weights in half precision (.safetensors)")
    how.add_argument("--float32", action="store_false", dest="half", help="keep weights in TensorFlow's float32 format")
    flags.add_argument(
        "--continuable", action="store_true", help="keep what gansynth_train needs to go on, in training.safetensors"
    )
    flags.add_argument(
        "--phase_locking", type=float, metavar="CHANNELS",
        help="of a complex_mel: keep channels of one partial in phase when it is played, 0.6 for clearer notes; 0: off",
    )  # fmt: skip
    flags.add_argument(
        "--consistent_phases", action=argparse.BooleanOptionalAction,
        help="of a complex_mel: let phases fit each other when it is played, so that nothing gets too soft",
    )  # fmt: skip
    flags.add_argument(
        "--learned_latents", action="store_true",
        help="draw random latents as the run's instruments have learned them, in prior.safetensors: sounds as various "
        "as the dataset's, fewer that are between two instruments",
    )  # fmt: skip
    flags.add_argument(
        "--levels_of", type=frame.path, metavar="DATASET",
        help="measure how much softer each octave is than in a dataset, and play it so much louder",
    )  # fmt: skip
    flags.add_argument("--execute", action="store_true", help="do it, instead of printing what would be done")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    return frame.run(_shrink, parser().parse_args(argv), PROG)


def _shrink(options: argparse.Namespace) -> None:
    plan = shrink.plan(options.ckpt_dir, options.meta_path, options.half)
    _check_playing(options)
    before = shrink.size_of(plan.folder)
    for line in _lines(plan):
        print(line)
    if options.continuable:
        print(f"write  {EXPORTED}")
    if options.learned_latents:
        print(f"write  {latent_prior.FILE}")
    for name, value in _given(options, *_PHASES, "levels_of").items():
        print(f"set    {name} {value}")
    if options.execute:
        _keep_more(options)
        shrink.execute(plan)
        _set_up_playing(options)
        print(f"{plan.folder}: {_size(before)} before, {_size(shrink.size_of(plan.folder))} now")
    else:
        print(f"{plan.folder}: {_size(before)} now, about {_size(before - _saved(plan))} with --execute")


def _keep_more(options: argparse.Namespace) -> None:
    """Write what a shrunk folder does not hold by itself, as long as the run is whole."""
    if not (options.continuable or options.learned_latents):
        return
    settings = config.read_config(options.ckpt_dir)
    state = run_folder.restore(options.ckpt_dir, settings)
    if options.learned_latents:
        # It loads Keras.
        from gansynth.training import learned_prior

        learned_prior.write(settings, state.extra, list(records.read_labels(options.ckpt_dir).values()))
    if options.continuable:
        continuation.write(options.ckpt_dir, state)


def _check_playing(options: argparse.Namespace) -> None:
    """Refuse what cannot be set before anything changes."""
    replace(config.read_settings(options.ckpt_dir), **_given(options, *_PHASES))
    if options.levels_of:
        records.read_labels(options.levels_of)


def _set_up_playing(options: argparse.Namespace) -> None:
    """Write how the model is played; levels come last, since they depend on the rest."""
    if phases := _given(options, *_PHASES):
        shrink.set_up_playing(options.ckpt_dir, **phases)
    if options.levels_of:
        with show_progress("round", "measuring octaves") as progress:
            gains = octave_gains.measure(options.ckpt_dir, options.levels_of, progress)
        shrink.set_up_playing(options.ckpt_dir, octave_gains_db=gains)
        print("louder in each octave:", "  ".join(f"{gain:+.1f} dB" for gain in gains))


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """The flags of these names that are not None."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _saved(plan: shrink.ShrinkPlan) -> int:
    return plan.size - plan.new_size + sum(map(shrink.size_of, plan.gone))


def _lines(plan: shrink.ShrinkPlan) -> Iterator[str]:
    """What is done, a line for each file or folder."""
    save = plan.save.relative_to(plan.folder)
    if plan.rewritten:
        verb = "shrink" if plan.new_size <= plan.size else "write "
        yield f"{verb} {save}  {_size(plan.size)} -> {_size(plan.new_size)}{', half precision' * plan.half}"
    else:
        yield f"keep   {save}  {_size(plan.size)}"
    for path in plan.gone:
        yield f"delete {path.relative_to(plan.folder)}{'/' * path.is_dir()}  {_size(shrink.size_of(path))}"
    for name in plan.written:
        without = f", without {', '.join(plan.dropped)}" if name == shrink.EXPERIMENT else ""
        yield f"write  {name}{without}"
    touched = {*plan.gone, *(plan.folder / name for name in plan.written)}
    for path in sorted(plan.folder.iterdir()):
        if path not in touched and path != plan.save.parent:
            yield f"keep   {path.name}{'/' * path.is_dir()}  {_size(shrink.size_of(path))}"


def _size(count: int) -> str:
    """Bytes for people.

    >>> _size(1234567)
    '1.2 MB'
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


if __name__ == "__main__":
    sys.exit(main())
