"""pytorch-pretrained-biggan, timed. Runs in an environment that has torch and that package, not in ours.

    python bench/biggan_side.py make FOLDER RESOLUTION    write a full-size model with random weights, and two pictures
    python bench/biggan_side.py time FOLDER FRAMES        print timings as JSON

Its own loader never leaves training mode, in which spectral norm takes another step at every picture; here it does.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

TRUNCATION = 0.5
VARIANCE = 0.5  # of each map, roughly: spectral norm makes random maps small


def layers(resolution: int) -> list[tuple[bool, int, int]]:
    """The published generators' blocks."""
    end = [(True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 2), (True, 2, 1)]
    begin = [(False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8)]
    if resolution > 128:
        begin += [(True, 8, 8), (False, 8, 8)]
    return begin + end + ([(False, 1, 1), (True, 1, 1)] if resolution > 256 else [])


def make(folder: Path, resolution: int) -> None:
    """Random weights, with statistics that keep noise and class visible to the end; and what they paint."""
    import torch
    from pytorch_pretrained_biggan import BigGAN, BigGANConfig

    torch.manual_seed(0)
    config = BigGANConfig(output_dim=resolution, layers=layers(resolution))
    model = BigGAN(config)
    for name, value in model.named_parameters():
        if name in ("generator.bn.weight", "generator.bn.bias") or name.endswith("gamma"):
            torch.nn.init.constant_(value, float(not name.endswith("bias")))
    for name, value in model.named_buffers():
        if name.endswith("running_vars"):
            value.fill_(VARIANCE)
    # Some pictures in training mode give spectral norm its vectors.
    with torch.no_grad():
        for _ in range(3):
            model(*inputs(1), TRUNCATION)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "config.json").write_text(config.to_json_string())
    with torch.no_grad():
        images = model.eval()(*inputs(2), TRUNCATION)
    np.save(folder / "images.npy", images.permute(0, 2, 3, 1).numpy())


def inputs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise and classes of which both sides paint the same pictures."""
    import torch

    rng = np.random.default_rng(0)
    z = TRUNCATION * np.clip(rng.standard_normal((count, 128)), -2, 2)
    classes = np.eye(1000)[rng.integers(1000, size=count)]
    return torch.tensor(z, dtype=torch.float32), torch.tensor(classes, dtype=torch.float32)


def measure(folder: Path, frames: int) -> dict[str, float | list[float]]:
    """Load it, and paint one picture at a time."""
    import torch
    from pytorch_pretrained_biggan import BigGAN

    begun = time.perf_counter()
    model = BigGAN.from_pretrained(str(folder)).eval()
    load_s, seconds, (z, classes) = time.perf_counter() - begun, [], inputs(1)
    with torch.no_grad():
        for _ in range(frames + 2):
            begun = time.perf_counter()
            model(z, classes, TRUNCATION)
            seconds.append(time.perf_counter() - begun)
    return {"load_s": load_s, "seconds": seconds[2:]}


def main() -> None:
    """Parse the words and do it."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("what", choices=("make", "time"))
    flags.add_argument("folder", type=Path)
    flags.add_argument("number", type=int, help="the edge of a picture in pixels, or how many frames")
    args = flags.parse_args()
    if args.what == "make":
        make(args.folder, args.number)
    else:
        print("RESULT", json.dumps(measure(args.folder, args.number)))


if __name__ == "__main__":
    main()
