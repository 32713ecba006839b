"""CIPS: how long a frame takes, and what a minute of training gives, against the other picture models.

Frames of the models that ship, on one core and on two, beside the floor of their multiplications. Then two trainings of
a minute each on two cores, of pictures of 64 pixels whose factors are known: a StyleGAN2's pretraining, and a CIPS.
Both are compared with pictures that neither has seen. CIPS_MINUTES sets another time; 0 leaves the trainings out.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import worker, worker_words
from core import families
from core.latent.truncated_normal import truncated_normal
from renderer.cips.config import CipsConfig
from renderer.cips.graphs import WARP_EDGE
from renderer.training import image_folder
from renderer.training.batches import with_factors

FRAMES, HELD = 40, 4
MODELS = Path(__file__).resolve().parent.parent / "models"
SHIPPED = ("cips/motifs", "biggan/patterns", "stylegan2/drawings")
CLASSES = "aurora,blossom,bubbles,eclipse,mandala,nebula,planet,sign"
STYLEGAN2 = {
    "size": 64, "warm_start_images": 10_000_000, "total_images": 10_000_000, "batch_size": 8, "flips": "false",
    "z_size": 128, "w_size": 256, "mapping_layers": 3, "mapping_rate": 1,
    "channels": 4096, "most_channels": 192, "least_channels": 32,
}  # fmt: skip


def multiplications(shape: CipsConfig) -> int:
    """Multiplications with an addition that one frame needs."""
    pixels, warped = shape.size**2, min(WARP_EDGE, shape.size) ** 2
    per_pixel = 2 * shape.waves + sum(before * shape.width for _, before in shape.layers) + 3 * shape.width
    per_place = 2 * shape.warp_waves * (1 + shape.warp_width) + 2 * shape.warp_width
    mapping = sum(before * after for before, after in shape.mapping_sizes)
    modulation = sum(shape.w_size * shape.rank * (before + shape.width) for _, before in shape.layers)
    return pixels * per_pixel + warped * per_place + mapping + modulation


def measure(folder: Path, precision: str) -> dict[str, Any]:
    """Load a model and render one frame at a time, as live."""
    from bench.floor import multiplication_rate

    model = families.load(folder, "image", precision=precision)
    z = truncated_normal(np.random.default_rng(0), (FRAMES, model.z_size), 1.0)
    labels = np.eye(model.num_classes, dtype=np.float32)[np.arange(FRAMES) % model.num_classes]
    list(model.render(z[:1], labels[:1], 1.0))
    seconds = []
    for one in range(FRAMES):
        begun = time.perf_counter()
        list(model.render(z[one : one + 1], labels[one : one + 1], 1.0))
        seconds.append(time.perf_counter() - begun)
    found: dict[str, Any] = {"seconds": seconds}
    if isinstance(model.config, CipsConfig):
        found["floor_s"] = 2 * multiplications(model.config) / multiplication_rate()
    return found


def frames(cores: int) -> None:
    """Print how long frames take on so many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:cores])
    try:
        for name in SHIPPED:
            for precision in ("f32", "bf16"):
                found = worker("cips", MODELS / name, precision)
                median, worst = np.percentile(found["seconds"], (50, 95))
                floor = f"   floor {1e3 * found['floor_s']:5.1f} ms" if "floor_s" in found else ""
                print(f"  {name:<20}{precision:<6}{1e3 * median:7.1f} ms {1e3 * worst:7.1f} ms{floor}", flush=True)
    finally:
        os.sched_setaffinity(0, before)


def trainings(minutes: float, scratch: Path) -> None:
    """Train both for the same time, and print how far they are from pictures that they have not seen."""
    from renderer.stylegan2.training.reconstruction import latents

    draw = [sys.executable, "-m", "scripts.picture_dataset", "--size", "64", "--families", CLASSES]
    run([*draw, scratch / "data", "--pictures", "500"])
    run([*draw, scratch / "held", "--pictures", str(HELD), "--seed", "777"])
    held = image_folder.read(scratch / "held", 64)
    assert held.factors is not None
    for name, settings in (("stylegan2", STYLEGAN2), ("cips", {"size": 64})):
        words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        train = [sys.executable, "-m", f"scripts.{name}_train", scratch / "data", scratch / name]
        run([*train, *words, "--minutes", str(minutes), "--export", scratch / f"{name}_model"])
        model = families.load(scratch / f"{name}_model", "image")
        noise = np.random.default_rng(0).standard_normal((len(held.labels), model.z_size)).astype(np.float32)
        z = (latents if name == "stylegan2" else with_factors)(noise, held.factors)
        labels = np.eye(model.num_classes, dtype=np.float32)[held.labels]
        found = model.generate(z, labels, 1.0, **({"noise": "none"} if name == "stylegan2" else {}))
        distance = np.abs(np.clip(found, -1, 1) - (held.images / 127.5 - 1)).mean()
        print(f"  {name:<12} {minutes:g} minutes: {distance:.3f} from pictures not seen (0 to 2)", flush=True)


def run(words: Sequence[Any]) -> None:
    """Run a command quietly."""
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    if words := worker_words("cips", __doc__, argv):
        return print("RESULT", json.dumps(measure(Path(words[0]), words[1])))
    for cores in (1, 2):
        print(f"{cores} core{'s' * (cores > 1)}: p50, p95 of a frame")
        frames(cores)
    if minutes := float(os.environ.get("CIPS_MINUTES", "1")):
        print("training, two cores")
        with tempfile.TemporaryDirectory() as scratch:
            trainings(minutes, Path(scratch))
    return None


if __name__ == "__main__":
    main()
