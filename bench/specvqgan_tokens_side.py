"""SpecVQGAN's own transformer, timed. Runs in an environment that has torch and that program, not in ours.

    python bench/specvqgan_tokens_side.py make FOLDER FRAMES PROGRAM    write a run folder with random weights
    python bench/specvqgan_tokens_side.py time FOLDER FRAMES PROGRAM    sample codes; print timings as JSON

PROGRAM is a checkout of v-iashin/SpecVQGAN. Codes are sampled as its evaluation/generate_samples.py does, argmax.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

DEPTH, CODES, ROWS, COLUMNS, LAYERS, HEADS, WIDTH = 2048, 1024, 5, 53, 24, 16, 1024
TOKENS, WARM = 12, 2


def settings(frames: int) -> dict[str, Any]:
    """The model as its YAML describes it; JSON is YAML."""
    sizes = {"vocab_size": CODES, "block_size": ROWS * COLUMNS + frames, "n_layer": LAYERS, "n_head": HEADS}
    embedder = {"in_channels": DEPTH, "out_channels": WIDTH, "kernel_size": 1, "padding": 0}
    return {
        "transformer_config": {
            "target": "specvqgan.modules.transformer.mingpt.GPTFeats",
            "params": {
                "feat_embedding_config": {"target": "torch.nn.Conv1d", "params": embedder},
                "GPT_config": {**sizes, "n_embd": WIDTH},
            },
        },
        "first_stage_permuter_config": {
            "target": "specvqgan.modules.transformer.permuter.ColumnMajor",
            "params": {"H": ROWS, "W": COLUMNS},
        },
    }


def network(frames: int) -> torch.nn.Module:
    """The transformer with random weights, the same in each process; its head is larger, so that codes differ."""
    import torch

    # Of the program's train.py, which imports Lightning, it needs this alone.
    train: Any = types.ModuleType("train")
    train.instantiate_from_config = lambda config: torch.nn.Conv1d(**config.params)
    sys.modules["train"] = train
    from specvqgan.modules.transformer.mingpt import GPTFeats

    torch.manual_seed(0)
    params = settings(frames)["transformer_config"]["params"]
    found = GPTFeats(types.SimpleNamespace(**params["feat_embedding_config"]), params["GPT_config"])
    with torch.no_grad():
        found.head.weight.mul_(4.0)
        found.pos_emb.normal_(std=0.02)
    return found.eval().requires_grad_(False)


def make(folder: Path, frames: int) -> None:
    """Write a run folder as Lightning does."""
    import torch

    for part in ("checkpoints", "configs"):
        (folder / part).mkdir(parents=True)
    state = {f"transformer.{name}": value for name, value in network(frames).state_dict().items()}
    torch.save({"state_dict": state}, folder / "checkpoints" / "last.ckpt")
    text = json.dumps({"model": {"params": settings(frames)}})
    (folder / "configs" / "bench-project.yaml").write_text(text)
    np.save(folder / "features.npy", np.random.default_rng(0).random((1, frames, DEPTH)).astype(np.float32))


def measure(folder: Path, frames: int) -> dict[str, Any]:
    """Sample the first codes of a grid: the whole sequence for each of them."""
    import torch

    model, features = network(frames), torch.tensor(np.load(folder / "features.npy")).permute(0, 2, 1)
    codes = torch.zeros((1, ROWS * COLUMNS), dtype=torch.long)
    seconds, processor = [], []
    for place in range(TOKENS):
        begun, used = time.perf_counter(), time.process_time()
        logits, _, _ = model(codes[:, :-1], features)
        codes[:, place] = logits[:, -ROWS * COLUMNS + place].argmax(-1)
        seconds.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
    return {"seconds": seconds[WARM:], "processor": processor[WARM:], "codes": codes[0, :TOKENS].tolist()}


def main() -> None:
    """Parse the words and do it."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("what", choices=("make", "time"))
    flags.add_argument("folder", type=Path)
    flags.add_argument("frames", type=int, help="of features")
    flags.add_argument("program", help="the checkout")
    args = flags.parse_args()
    # Ours has the same name, and would come first.
    sys.path[:] = [
        args.program,
        *(path for path in sys.path if not (Path(path) / "specvqgan" / "__init__.py").exists()),
    ]
    if args.what == "make":
        make(args.folder, args.frames)
    else:
        print("RESULT", json.dumps(measure(args.folder, args.frames)))


if __name__ == "__main__":
    main()
