"""Training on JAX: how much of a step's time the host needs, for batches and for starting the step.

python -m bench.host_share [STEPS]. The host works in a thread, one call ahead of the device, so its share costs nothing
as long as it stays below the device's; a GPU needs it to be small.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench import work
from bench.train import write_notes


def measure(steps: int) -> dict[str, float]:
    """Milliseconds per step of the host (batches and their transfer) and of the device, for the last stage."""
    from gansynth.training.run_setup import set_up
    from gansynth.training.trainer import SoundTrainer

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_notes(folder)
        settings = work.TRAINED | {"train_progressive": False, "train_data_path": str(folder)}
        trainer = SoundTrainer(folder / "run", set_up(folder / "run", settings, lambda done, total: None))
        stage, size = trainer.stages()[-1], settings["batch_size_schedule"][0]
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


def main() -> None:
    """Measure and print."""
    os.environ["KERAS_BACKEND"] = "jax"
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    share = f"{100 * found['share']:.1f} % host"
    print(f"host {found['host_ms']:.2f} ms, device {found['device_ms']:.1f} ms a step: {share}")
    print("RESULT " + json.dumps(found))


if __name__ == "__main__":
    main()
