"""Training on JAX: how much of a step's time the host needs, for batches and for starting the step.

The host works in a thread, one call ahead of the device, so its share costs nothing as long as it stays below the
device's; a GPU needs it to be small.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench import work
from bench.train import write_notes


def measure(kind: str, steps: int) -> dict[str, float]:
    """Milliseconds per step of the host (batches and their transfer) and of the device, for the last stage."""
    with tempfile.TemporaryDirectory() as scratch:
        trainer = TRAINERS[kind](Path(scratch))
        stage = trainer.stages()[-1]
        size = trainer.batch_size(stage)
        run = trainer.step(stage)
        tree, host, device = run.start(trainer.to_tensors(trainer.begin())), [], []
        for step in range(steps + 1):
            begun = time.perf_counter()
            block = run.block([trainer.batch(stage, step * size)])
            made = time.perf_counter()
            tree, losses = run(tree, block, step * size)
            for value in losses.values():
                np.asarray(value)
            host.append(made - begun)
            device.append(time.perf_counter() - made)
    # The first step was compiled.
    host_ms, device_ms = (1000 * float(np.median(times[1:])) for times in (host, device))
    return {"host_ms": host_ms, "device_ms": device_ms, "share": host_ms / (host_ms + device_ms)}


def _voice(folder: Path) -> Any:
    from gansynth.training.run_setup import set_up
    from gansynth.training.trainer import SoundTrainer

    write_notes(folder)
    settings = work.TRAINED | {"train_progressive": False, "train_data_path": str(folder)}
    return SoundTrainer(folder / "run", set_up(folder / "run", settings, lambda done, total: None))


def _pictures(folder: Path) -> Any:
    from renderer.training import hparams, image_folder
    from renderer.training.batches import ImageSource
    from renderer.training.patterns import folder as patterns
    from renderer.training.trainer import ImageTrainer

    patterns.write(folder / "data", ["rose", "silk"], 16, size=64)
    own = hparams.settle("adversarial", {"size": 64, "start_size": 64, "channel_width": 16, "batch_size": 8})
    return ImageTrainer(folder / "run", ImageSource(image_folder.read(folder / "data", 64), own))


def _stylegan2(folder: Path) -> Any:
    from renderer.stylegan2.training import hparams
    from renderer.stylegan2.training.batches import ImageSource
    from renderer.stylegan2.training.trainer import StyleGan2Trainer
    from renderer.training import image_folder
    from renderer.training.drawings import folder as drawings

    drawings.write(folder / "data", ["coral", "fire"], 16, size=64)
    own = hparams.settle({"size": 64, "channels": 2048, "discriminator_channels": 2048, "batch_size": 8})
    return StyleGan2Trainer(folder / "run", ImageSource(image_folder.read(folder / "data", 64), own))


TRAINERS = {"voice": _voice, "pictures": _pictures, "stylegan2": _stylegan2}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    flags = argparse.ArgumentParser(prog="python -m bench.host_share", description=__doc__)
    flags.add_argument(
        "kind", nargs="?", default="voice", choices=TRAINERS, help="what is trained (default: %(default)s)"
    )
    flags.add_argument("steps", nargs="?", type=int, default=10, help="that are timed (default: %(default)s)")
    args = flags.parse_args(argv)
    os.environ["KERAS_BACKEND"] = "jax"
    found = measure(args.kind, args.steps)
    share = f"{100 * found['share']:.1f} % host"
    print(f"{args.kind}: host {found['host_ms']:.2f} ms, device {found['device_ms']:.1f} ms a step: {share}")
    print("RESULT " + json.dumps(found))


if __name__ == "__main__":
    main()
