"""StyleGAN2: how long a frame takes, against the machine's floor and stylegan2-ada-pytorch.

Config-f with random weights at 256 and 512 px, config-e at 256 px, and those that ship (or a small random one), with
two bends on one core too. With STYLEGAN2_PYTHON naming an interpreter that has torch and SciPy, and STYLEGAN2_ADA a
checkout of NVlabs/stylegan2-ada-pytorch, these write the weights, paint in the same run, and their pictures are
compared with ours.
STYLEGAN2_SIZES, such as 256, leaves out the others.
"""

import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import side, worker, worker_words
from renderer import stylegan2
from renderer.bending import Bend
from renderer.stylegan2 import weights
from renderer.stylegan2.config import StyleGan2Config
from renderer.stylegan2.formats import own_format

FRAMES, THEIR_FRAMES = 20, 5
BENT = (Bend("b64.torgb", "rotate", 0.5), Bend("b128.torgb", "zoom", 0.8))
SHIPPED = Path(__file__).resolve().parent.parent / "models" / "stylegan2"
# Channels of config-e, and of a small model.
HALF, SMALL_BASE, SMALL_MOST = 16384, 4096, 128


def config(size: int, base: int = 32768, most: int = 512, depth: int = 8, width: int = 512) -> StyleGan2Config:
    """A generator of one size; its maps have `base` channels divided by their edge, and at most `most`."""
    edges = [4 * 2**step for step in range(size.bit_length() - 2)]
    channels = tuple(min(base // edge, most) for edge in edges)
    return StyleGan2Config(channels, width, width, mapping_layers=depth, mapping_size=width)


def multiplications(shape: StyleGan2Config) -> int:
    """Multiplications with an addition that one frame needs; a transposed convolution works on the small map."""
    total = sum(before * after for before, after in shape.mapping_sizes)
    for layer in shape.layers:
        edge = layer.size // 2 if layer.up else layer.size
        total += layer.kernel**2 * layer.before * layer.after * edge**2 + shape.w_size * layer.before
        total += 16 * layer.after * layer.size**2 * layer.up
    return total


def measure(folder: Path, precision: str, bends: bool) -> dict[str, Any]:
    """Load a model and render one frame at a time, as live."""
    from bench.floor import multiplication_rate

    begun = time.perf_counter()
    model = stylegan2.load(folder, precision=precision)
    load_s, z = time.perf_counter() - begun, inputs(model.z_size, FRAMES)
    options: dict[str, Any] = {"bends": BENT} if bends else {}
    label = np.eye(model.num_classes, dtype=np.float32)[:1] if model.num_classes else None
    begun = time.perf_counter()
    list(model.render(z[:1], label, 1.0, **options))
    warm_s, seconds, processor = time.perf_counter() - begun, [], []
    for one in range(FRAMES):
        begun, used = time.perf_counter(), time.process_time()
        list(model.render(z[one : one + 1], label, 1.0, **options))
        seconds.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
    found = {"load_s": load_s, "warm_s": warm_s, "seconds": seconds, "processor": processor}
    found["floor_s"] = 2 * multiplications(model.config) / multiplication_rate()
    if (folder / "images.npy").exists():
        theirs = np.load(folder / "images.npy")
        ours = model.generate(inputs(model.z_size, len(theirs)), None, 1.0)
        found |= {"difference": float(np.abs(ours - theirs).max()), "contrast": float(theirs.std())}
    return found


def inputs(size: int, count: int) -> np.ndarray:
    """Latent vectors of which both sides paint the same pictures."""
    return np.random.default_rng(0).standard_normal((count, size)).astype(np.float32)


def ours(folder: Path, precision: str, *flags: str, cores: int | None = None) -> dict[str, Any]:
    """Measure in a process of its own, pinned to so many cores."""
    before = os.sched_getaffinity(0)
    if cores:
        os.sched_setaffinity(0, sorted(before)[:cores])
    try:
        return worker("stylegan2", folder, precision, *flags)
    finally:
        os.sched_setaffinity(0, before)


def theirs(what: str, folder: Path, number: int) -> dict[str, Any]:
    """Run stylegan2-ada-pytorch's side."""
    return side("stylegan2_side", "STYLEGAN2_PYTHON", what, folder, number, os.environ["STYLEGAN2_ADA"])


def line(name: str, found: dict[str, Any]) -> float:
    """Print one line, and return the median."""
    median, worst = np.percentile(found["seconds"], (50, 95))
    used = f"{1e3 * np.median(found['processor']):8.1f} ms of the processor"
    floor = f"   floor {1e3 * found['floor_s']:6.1f} ms" if "floor_s" in found else ""
    print(
        f"  {name:<34}{1e3 * median:8.1f} ms {1e3 * worst:8.1f} ms ({1 / median:6.1f} a second) {used}{floor}",
        flush=True,
    )
    return float(median)


def rows(name: str, folder: Path, compared: bool, pinned: bool) -> None:
    """Measure one model and print it: p50 and p95 of a frame."""
    print(name)
    medians: dict[str, float] = {}
    used: dict[str, float] = {}
    for precision in ("f32", "bf16"):
        found = ours(folder, precision)
        medians[precision], used[precision] = line(precision, found), float(np.median(found["processor"]))
        if compared:
            contrast = f"of deviation {found['contrast']:.2f}"
            print(f"    {'largest difference':<32}{found['difference']:8.1e}    {contrast}")
        if pinned:
            line(f"{precision}, one core, two bends", ours(folder, precision, "bends", cores=1))
    if compared:
        other = theirs("time", folder, THEIR_FRAMES)
        their, cost = line("stylegan2-ada-pytorch, float32", other), float(np.median(other["processor"]))
        print(f"    {'ratios, f32 and bf16':<32}{their / medians['f32']:8.1f}    {their / medians['bf16']:8.1f}")
        print(f"    {'  of the processor':<32}{cost / used['f32']:8.1f}    {cost / used['bf16']:8.1f}")
    print(flush=True)


def random_model(folder: Path, shape: StyleGan2Config) -> None:
    """Write a model of ours with random weights."""
    own_format.write(folder, shape, weights.initial(shape, np.random.default_rng(0)), dtype="float32")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    if words := worker_words("stylegan2", __doc__, argv):
        return print("RESULT", json.dumps(measure(Path(words[0]), words[1], "bends" in words[2:])))
    sizes = [int(size) for size in os.environ.get("STYLEGAN2_SIZES", "256,512").split(",")]
    compared = {"STYLEGAN2_PYTHON", "STYLEGAN2_ADA"} <= set(os.environ)
    with tempfile.TemporaryDirectory() as scratch:
        for size in sizes:
            folder = Path(scratch) / f"f{size}"
            if compared:
                folder.mkdir()
                theirs("make", folder, size)
            else:
                random_model(folder, config(size))
            rows(f"config-f, {size} px: {multiplications(config(size)) / 1e9:.1f} G", folder, compared, False)
        half, small = config(256, HALF), config(256, SMALL_BASE, SMALL_MOST, 4, 256)
        shipped = sorted(SHIPPED.glob("*/"))
        for name, shape in (("config-e, 256 px", half), *([] if shipped else [("small, 256 px", small)])):
            random_model(Path(scratch) / name, shape)
            rows(f"{name}: {multiplications(shape) / 1e9:.2f} G", Path(scratch) / name, False, shape is small)
        for folder in shipped:
            rows(f"{folder.name}: {multiplications(own_format.read_config(folder)) / 1e9:.2f} G", folder, False, True)


if __name__ == "__main__":
    main()
