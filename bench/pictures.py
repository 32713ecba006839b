"""Pictures: how long a frame takes, against the machine's floor and pytorch-pretrained-biggan.

Full-size BigGAN-deep with random weights, and a small one such as ships; noise and classes change from frame to frame.
With BIGGAN_PYTHON naming an interpreter that has torch and pytorch-pretrained-biggan, these write the weights, paint
in the same run, and their pictures are compared with ours. BIGGAN_SIZES, such as 128,256, leaves out the others.
"""

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import side, worker, worker_words
from renderer import biggan
from renderer.biggan.config import Attention, BigGANConfig
from renderer.biggan.hub_module import LAYERS as PUBLISHED

TRUNCATION, SMALL_WIDTH = 0.5, 32
FRAMES, THEIR_FRAMES = 24, 8


@dataclass(frozen=True)
class Cost:
    """What one frame needs: multiplications with an addition, and bytes of weights that are read."""

    multiplications: int
    weight_bytes: int


def cost(config: BigGANConfig) -> Cost:
    """What one frame needs as it is computed here: doublings take 16 multiplications for 4 pixels."""
    total = config.cond_size * (config.first_values + 2 * sum(channels for _, channels in config.norms))
    weights = total
    for part in config.parts:
        if isinstance(part, Attention):
            kernel = part.channels**2 * 5 // 4
            total += part.size**2 * (kernel + part.size**2 // 4 * part.channels * 5 // 8)
            weights += kernel
            continue
        small = (part.size // 2 if part.doubles else part.size) ** 2
        square = 9 * part.inner**2
        total += small * (part.before * part.inner + (16 if part.doubles else 9) * part.inner**2)
        total += part.size**2 * (square + part.inner * part.after)
        weights += part.before * part.inner + 2 * square + part.inner * part.after
    return Cost(total + config.resolution**2 * config.channel_width * 27, 4 * weights)


def random_model(folder: Path, config: BigGANConfig) -> None:
    """Write a model of ours with random weights."""
    from renderer.biggan import model_formats, weights

    rng = np.random.default_rng(0)
    arrays = {name: np.ones(shape, np.float32) for name, shape in weights.expected(config).items()}
    for name, array in arrays.items():
        if name.endswith((".weight", "running_means")) and array.ndim > 1:
            arrays[name] = rng.standard_normal(array.shape, np.float32) / np.sqrt(np.float32(array[0].size))
    model_formats.save(folder, config, arrays, [f"class {n}" for n in range(config.num_classes)], "float32")


def measure(folder: Path) -> dict[str, Any]:
    """Load a model and render: one frame at a time, as live, and many in a row, as for a film."""
    from bench.floor import multiplication_rate

    begun = time.perf_counter()
    model = biggan.load(folder)
    load_s, (z, classes) = time.perf_counter() - begun, inputs(model.num_classes, FRAMES)
    begun = time.perf_counter()
    model.warm_up()
    warm_s, seconds = time.perf_counter() - begun, []
    for one in range(FRAMES):
        begun = time.perf_counter()
        list(model.render(z[one : one + 1], classes[one : one + 1], TRUNCATION))
        seconds.append(time.perf_counter() - begun)
    clock, processor = time.perf_counter(), time.process_time()
    list(model.render(z, classes, TRUNCATION))
    row_s, row_cpu_s = time.perf_counter() - clock, time.process_time() - processor
    floor_s = 2 * cost(model.config).multiplications / multiplication_rate()
    found = {"load_s": load_s, "warm_s": warm_s, "seconds": seconds, "row_s": row_s / FRAMES}
    found |= {"processor_s": row_cpu_s / FRAMES, "floor_s": floor_s}
    if (folder / "images.npy").exists():
        theirs = np.load(folder / "images.npy")
        ours = model.generate(*inputs(1000, len(theirs)), TRUNCATION)
        found |= {"difference": float(np.abs(ours - theirs).max()), "contrast": float(theirs.std())}
    return found


def inputs(num_classes: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise and classes of which both sides paint the same pictures."""
    rng = np.random.default_rng(0)
    z = TRUNCATION * np.clip(rng.standard_normal((count, 128)), -2, 2)
    return z.astype(np.float32), np.eye(num_classes, dtype=np.float32)[rng.integers(num_classes, size=count)]


def theirs(what: str, folder: Path, number: int) -> dict[str, Any]:
    """Run pytorch-pretrained-biggan's side."""
    return side("biggan_side", "BIGGAN_PYTHON", what, folder, number)


def rows(name: str, config: BigGANConfig, folder: Path, compared: bool) -> None:
    """Measure one model, each side in a process of its own, and print it."""
    other = theirs("time", folder, THEIR_FRAMES) if compared else {}
    own = worker("pictures", folder)
    need = cost(config)
    print(f"{name}: {need.multiplications / 1e9:.2f} G multiplications, {need.weight_bytes / 1e6:.0f} MB of weights")
    print(f"  {'loading, and the first frame':<34}{own['load_s']:8.2f} s  {own['warm_s']:8.2f} s")
    live = np.percentile(own["seconds"], (50, 95))
    print(f"  {'one frame, p50 and p95':<34}{1e3 * live[0]:8.1f} ms {1e3 * live[1]:8.1f} ms")
    share = own["floor_s"] / own["row_s"]
    print(f"  {'frames in a row, each':<34}{1e3 * own['row_s']:8.1f} ms  ({1 / own['row_s']:.1f} a second)")
    print(f"  {'  of the processor':<34}{1e3 * own['processor_s']:8.1f} ms")
    print(f"  {'floor':<34}{1e3 * own['floor_s']:8.1f} ms  ({share:.0%} of the time)")
    if other:
        median, worst = np.percentile(other["seconds"], (50, 95))
        print(f"  {'pytorch-pretrained-biggan':<34}{1e3 * median:8.1f} ms {1e3 * worst:8.1f} ms")
        print(f"  {'  ratio: one frame, in a row':<34}{median / live[0]:8.1f}    {median / own['row_s']:8.1f}")
        print(f"  {'  largest difference, of -1..1':<34}{own['difference']:8.1e}    (deviation {own['contrast']:.2f})")
    print(flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    if words := worker_words("pictures", __doc__, argv):
        return print("RESULT", json.dumps(measure(Path(words[0]))))
    sizes = os.environ.get("BIGGAN_SIZES", "128,256,512").split(",")
    compared = "BIGGAN_PYTHON" in os.environ
    base = BigGANConfig("biggan-deep-128", 128, 128, 1000, 128, PUBLISHED[0], 8, 1e-4, 51)
    with tempfile.TemporaryDirectory() as scratch:
        for layers in PUBLISHED:
            config = replace(base, layers=layers)
            config = replace(config, name=f"biggan-deep-{config.resolution}")
            if str(config.resolution) not in sizes:
                continue
            folder = Path(scratch) / config.name
            if compared:
                folder.mkdir()
                theirs("make", folder, config.resolution)
            else:
                random_model(folder, config)
            rows(config.name, config, folder, compared)
        # As the model that ships: attention where it costs little.
        small = replace(base, name="small", num_classes=16, channel_width=SMALL_WIDTH, attention_position=5)
        random_model(Path(scratch) / "small", small)
        rows(f"{SMALL_WIDTH} channels, 128 px", small, Path(scratch) / "small", False)


if __name__ == "__main__":
    main()
