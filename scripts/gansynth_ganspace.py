"""Find the directions of a GANSynth checkpoint or an image model: what its sounds or images differ in most.

The instrument loads the file; the course's patches load a checkpoint's .pickle. After an interruption, the same
command continues the work.
"""

import argparse
import math
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ganspace
import gansynth
from core.progress import show_progress
from ganspace.files import SUFFIXES
from ganspace.plan import DEFAULT_COMPONENTS, ESTIMATORS, MANY, MOVED
from gansynth.config import check_pitch
from scripts import frame
from scripts.flags import engine, models
from scripts.shared import model_folder

PROG = "gansynth_ganspace"
# What only one kind of model understands: what the options are called, and their flags.
FOR_SOUNDS = {"pitch": "--pitch", "scheduler": "--scheduler"}
FOR_IMAGES = {"class_name": "--class", "truncation": "--truncation", "move": "--move"}


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    count = partial(frame.whole, least=1)
    flags = frame.new_parser(PROG, __doc__)
    models.add_model(flags, "a sound or image model: its name, or its folder")
    engine.add(flags)
    flags.add_argument(
        "--list_layers", action="store_true", help="print the layers and the shapes of their activations"
    )
    flags.add_argument("--random_z_count", type=partial(frame.whole, least=2), help="how many random latents to sample")
    flags.add_argument(
        "--layer", type=str, default="", help="layer to analyse (default: conv0, of an image model layers.0 or w)"
    )
    flags.add_argument(
        "--estimator",
        choices=ESTIMATORS,
        type=str,
        default="",
        help="ipca: incremental; stream: for any number of samples; linear: what depends linearly on z; "
        "pca, fbpca (randomised), ica (independent), spca (sparse) keep all samples in memory (default: ipca, and "
        f"stream from {MANY} samples on; of an image model linear, except in w)",
    )
    flags.add_argument(
        "--components", type=components, default=DEFAULT_COMPONENTS, metavar="K|all", help="default: 128"
    )
    flags.add_argument("--pitch", type=int, help="MIDI pitch to sample at (default: 32, or the model's nearest)")
    flags.add_argument("--seed", type=partial(frame.whole, least=0), help="the same seed gives the same file")
    flags.add_argument(
        "--pca_batch_size", type=count, default=0, help="samples in a step of ipca (default: a fast number)"
    )
    flags.add_argument("--batch_size", type=count, default=0, help="computed at once (default: a fast number)")
    flags.add_argument("--pca_out_file", type=frame.path, help="what to write: .pickle (the course's) or .npz (ours)")
    flags.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="sample on the workers of this Dask scheduler, such as tcp://10.0.0.5:8786",
    )
    flags.add_argument(
        "--class", dest="class_name", metavar="NAME|NUMBER", help="image models: only of this class (default: of all)"
    )
    flags.add_argument("--truncation", type=frame.above_zero, help="image models: of the noise, up to 1 (default: 1)")
    flags.add_argument(
        "--move", choices=MOVED, help="image models: what edits move, noise or layer (default: z, in w w)"
    )
    return flags


def components(text: str) -> int:
    """A number of components; "all" is 0.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    return 0 if text == "all" else frame.whole(text, least=1)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if options.list_layers == (options.random_z_count is not None):
        flags.error("give either --list_layers or --random_z_count")
    if not options.list_layers and (options.pca_out_file is None or options.pca_out_file.suffix not in SUFFIXES):
        flags.error(f"--pca_out_file names the file to write; it must end with {', '.join(SUFFIXES)}")
    return frame.run(_list_layers if options.list_layers else _compute, options, PROG, timed_log=sys.stderr)


def _list_layers(options: argparse.Namespace) -> None:
    model = model_folder.load(options)
    for layer in model.layers:
        shape = model.layer_shape(layer)
        print(f"{layer}: {' x '.join(map(str, shape))} = {math.prod(shape)} values")


def _compute(options: argparse.Namespace) -> None:
    frame.refuse_existing(options.pca_out_file)
    plan = ganspace.Plan(
        layer=options.layer,
        count=options.random_z_count,
        estimator=options.estimator,
        components=options.components,
        seed=frame.seed(options.seed),
        pca_batch_size=options.pca_batch_size,
        batch_size=options.batch_size,
        **(_for_images if model_folder.makes_images(options.ckpt_dir) else _for_sounds)(options),
    )
    model = model_folder.load(options)
    begun_s = time.monotonic()
    with show_progress("sample") as progress:
        if options.scheduler:
            from ganspace import cluster

            how = engine.given(options)
            found = cluster.compute_file(model, plan, options.pca_out_file, options.scheduler, progress=progress, **how)
        else:
            found = ganspace.compute_file(model, plan, options.pca_out_file, progress=progress)
    _print_result(options.pca_out_file, found, time.monotonic() - begun_s)


def _for_sounds(options: argparse.Namespace) -> dict[str, Any]:
    """The plan's fields that are for sounds only; checked before anything large is loaded."""
    model_folder.refuse(options, FOR_IMAGES, "image models", "a GANSynth checkpoint")
    config = gansynth.read_config(options.ckpt_dir)
    if options.pitch is not None:
        check_pitch(config.name, config.pitches, options.pitch)
    return {"pitch": options.pitch}


def _for_images(options: argparse.Namespace) -> dict[str, Any]:
    """The plan's fields that are for images only."""
    model_folder.refuse(options, FOR_SOUNDS, "GANSynth checkpoints", "an image model")
    given: dict[str, Any] = {"class_number": None}
    if options.class_name is not None:
        from renderer import classes, image_models

        names = image_models.class_names(options.ckpt_dir)
        given["class_number"] = classes.find([options.class_name], names)[0]
    if options.truncation is not None:
        given["truncation"] = options.truncation
    return given | {"move": options.move or ""}


def _print_result(path: Path, found: ganspace.Components, seconds: float) -> None:
    share, layer = 100 * found.var_ratio.sum(), found.origin.found_in or found.layer
    print(
        f"{path}: {found.count} directions of {layer} by {found.estimator} with {share:.1f} % of the variance, "
        f"the first with {100 * found.var_ratio[0]:.1f} %; {seconds:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
