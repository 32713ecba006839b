"""stylegan2-ada-pytorch, timed. Runs in an environment that has torch, SciPy and that program, not in ours.

    python bench/stylegan2_side.py make FOLDER SIZE PROGRAM    write a config-f with random weights, and two pictures
    python bench/stylegan2_side.py time FOLDER FRAMES PROGRAM  print timings as JSON

PROGRAM is a checkout of NVlabs/stylegan2-ada-pytorch. On a processor it computes in float32.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

Z = 512


def make(folder: Path, size: int) -> None:
    """Random weights whose noise can be seen, as the program itself saves them; and what they paint."""
    import torch
    from training.networks import Generator

    torch.manual_seed(0)
    network = Generator(Z, 0, 512, size, 3, mapping_kwargs={"num_layers": 8}, synthesis_kwargs={"channel_base": 32768})
    for name, value in network.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.constant_(value, 0.1)
    network = network.eval().requires_grad_(False)
    with (folder / "network.pkl").open("wb") as file:
        pickle.dump({"G_ema": network}, file)
    with torch.no_grad():
        images = network(inputs(2), None, noise_mode="const")
    np.save(folder / "images.npy", images.permute(0, 2, 3, 1).numpy())


def inputs(count: int) -> torch.Tensor:
    """Latent vectors of which both sides paint the same pictures."""
    import torch

    return torch.tensor(np.random.default_rng(0).standard_normal((count, Z)), dtype=torch.float32)


def measure(folder: Path, frames: int) -> dict[str, object]:
    """Load it, and paint one picture at a time."""
    import torch

    begun = time.perf_counter()
    with (folder / "network.pkl").open("rb") as file:
        network = pickle.load(file)["G_ema"]
    load_s, seconds, processor, z = time.perf_counter() - begun, [], [], inputs(1)
    with torch.no_grad():
        for _ in range(frames + 2):
            begun, used = time.perf_counter(), time.process_time()
            network(z, None, noise_mode="const")
            seconds.append(time.perf_counter() - begun)
            processor.append(time.process_time() - used)
    return {"load_s": load_s, "seconds": seconds[2:], "processor": processor[2:]}


def main() -> None:
    """Parse the words and do it."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("what", choices=("make", "time"))
    flags.add_argument("folder", type=Path)
    flags.add_argument("number", type=int, help="the edge of a picture in pixels, or how many frames")
    flags.add_argument("program", help="the checkout")
    args = flags.parse_args()
    sys.path.insert(0, args.program)
    if args.what == "make":
        make(args.folder, args.number)
    else:
        print("RESULT", json.dumps(measure(args.folder, args.number)))


if __name__ == "__main__":
    main()
