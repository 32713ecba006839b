"""Find the directions of a GANSynth checkpoint: principal components of a layer's activations.

The file can be loaded by the instrument, and one that ends with .pickle by the course's patches too. When the work is
killed, the same command takes it up where it was.
"""

import argparse
import math
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import ganspace
import gansynth
from ganspace.files import SUFFIXES
from ganspace.plan import DEFAULT_COMPONENTS, ESTIMATORS, MANY
from ganspace.sampling import layer_shape
from gansynth.config import check_pitch
from scripts import command, reporting

PROG = "gansynth_ganspace"


def parser() -> argparse.ArgumentParser:
    """The flags, named as in the course's pages."""
    count = partial(command.whole, least=1)
    flags = argparse.ArgumentParser(prog=PROG, description=__doc__)
    flags.add_argument("--ckpt_dir", type=command.path, required=True, help="folder of the checkpoint")
    flags.add_argument(
        "--list_layers", action="store_true", help="print the layers and the shapes of their activations"
    )
    flags.add_argument("--random_z_count", type=partial(command.whole, least=2), help="how many latent vectors to try")
    flags.add_argument("--layer", default="conv0", help="whose activations (default: %(default)s)")
    flags.add_argument(
        "--estimator",
        choices=ESTIMATORS,
        default="",
        help=f"ipca: incremental; stream: for any number of samples; pca, fbpca (randomised), ica (independent), spca "
        f"(sparse) keep all samples in memory (default: ipca, and stream from {MANY} samples on)",
    )
    flags.add_argument(
        "--components", type=components, default=DEFAULT_COMPONENTS, metavar="K|all", help="default: 128"
    )
    flags.add_argument("--pitch", type=int, help="MIDI pitch to sample at (default: 32, or the model's nearest)")
    flags.add_argument("--seed", type=partial(command.whole, least=0), help="the same seed gives the same file")
    flags.add_argument(
        "--pca_batch_size", type=count, default=0, help="samples in a step of ipca (default: what is fast)"
    )
    flags.add_argument("--batch_size", type=count, default=0, help="notes computed at once (default: what is fast)")
    flags.add_argument("--pca_out_file", type=command.path, help="what to write: .pickle (the course's) or .npz (ours)")
    flags.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="let the workers of this Dask scheduler sample, such as tcp://10.0.0.5:8786",
    )
    flags.add_argument("--debug", action="store_true", help="show where an error comes from")
    return flags


def components(text: str) -> int:
    """A number of components; "all" is 0.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    return 0 if text == "all" else command.whole(text, least=1)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    flags = parser()
    options = flags.parse_args(argv)
    if options.list_layers == (options.random_z_count is not None):
        flags.error("give either --list_layers or --random_z_count")
    if not options.list_layers and (options.pca_out_file is None or options.pca_out_file.suffix not in SUFFIXES):
        flags.error(f"--pca_out_file names the file to write; it must end with {', '.join(SUFFIXES)}")
    return command.run(_list_layers if options.list_layers else _compute, options, PROG)


def _list_layers(options: argparse.Namespace) -> None:
    model = command.load(options)
    for layer in model.layers:
        shape = layer_shape(model.config, layer)
        print(f"{layer}: {' x '.join(map(str, shape))} = {math.prod(shape)} values")


def _compute(options: argparse.Namespace) -> None:
    plan = ganspace.Plan(
        layer=options.layer,
        count=options.random_z_count,
        estimator=options.estimator,
        components=options.components,
        pitch=options.pitch,
        seed=options.seed or 0,
        pca_batch_size=options.pca_batch_size,
        batch_size=options.batch_size,
    )
    if options.seed is None:
        plan = replace(plan, seed=secrets.randbelow(2**32))
    config = gansynth.read_config(options.ckpt_dir)
    if plan.pitch is not None:
        check_pitch(config.name, config.pitches, plan.pitch)
    reporting.log_lines()
    model = command.load(options)
    begun_s = time.monotonic()
    with reporting.progress("sample", plan.count) as progress:
        if options.scheduler:
            from ganspace import cluster

            found = cluster.compute_file(model, plan, options.pca_out_file, options.scheduler, progress=progress)
        else:
            found = ganspace.compute_file(model, plan, options.pca_out_file, progress=progress)
    _say(options.pca_out_file, found, time.monotonic() - begun_s)


def _say(path: Path, found: ganspace.Components, seconds: float) -> None:
    share = 100 * found.var_ratio.sum()
    print(
        f"{path}: {found.count} directions of {found.layer} by {found.estimator} with {share:.1f} % of the variance, "
        f"the first with {100 * found.var_ratio[0]:.1f} %; {seconds:.1f} s"
    )
