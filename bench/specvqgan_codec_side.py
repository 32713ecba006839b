"""SpecVQGAN's own codebook and vocoder, timed. Runs in an environment that has torch, not in ours.

    python bench/specvqgan_codec_side.py FOLDER RUNS PROGRAM

FOLDER has the weights in `codebook/` and `vocoder/`, and inputs, all of which `bench.specvqgan_codec` writes. PROGRAM
is a checkout of v-iashin/SpecVQGAN. It prints timings as JSON, and leaves what it computed in FOLDER/theirs.npz.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


def codebook(folder: Path) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The encoder with what follows it, and the decoder with what is before it."""
    import torch
    from safetensors.torch import load_file
    from specvqgan.modules.diffusionmodules.model import Decoder, Encoder

    config = json.loads((folder / "config.json").read_text())
    first, levels = config["channels"][0], len(config["channels"])
    shared = {
        "ch": first,
        "out_ch": 1,
        "ch_mult": tuple(each // first for each in config["channels"]),
        "num_res_blocks": config["blocks"],
        "attn_resolutions": [config["frames"] // 2**level for level in config["attention"]],
        "dropout": 0.0,
        "in_channels": 1,
        "resolution": config["frames"],
        "z_channels": config["z_channels"],
    }
    assert levels == len(shared["ch_mult"])
    arrays = load_file(folder / "weights.safetensors")
    after = torch.nn.Conv2d(config["z_channels"], config["code_size"], 1)
    before = torch.nn.Conv2d(config["code_size"], config["z_channels"], 1)
    encoder, decoder = Encoder(double_z=False, **shared), Decoder(**shared)
    for module, prefix in (
        (encoder, "encoder."),
        (decoder, "decoder."),
        (after, "quant_conv."),
        (before, "post_quant_conv."),
    ):
        module.load_state_dict(
            {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}
        )
    return torch.nn.Sequential(encoder, after).eval(), torch.nn.Sequential(before, decoder).eval()


def vocoder(folder: Path) -> torch.nn.Module:
    """The generator."""
    # Its module asks for an old librosa, which the generator does not need.
    filters: Any = types.ModuleType("librosa.filters")
    filters.mel = None
    sys.modules |= {"librosa": types.ModuleType("librosa"), "librosa.filters": filters}
    from safetensors.torch import load_file
    from vocoder.modules import Generator

    config = json.loads((folder / "config.json").read_text())
    found = Generator(config["mels"], config["width"], config["residuals"])
    found.load_state_dict(load_file(folder / "weights.safetensors"))
    return found.eval()


def timed(call: Callable[[], torch.Tensor], runs: int) -> tuple[torch.Tensor, dict[str, list[float]]]:
    """What a call gives, and its seconds on the clock and of the processor."""
    result, seconds, processor = call(), [], []
    for _ in range(runs):
        begun, used = time.perf_counter(), time.process_time()
        result = call()
        seconds.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
    return result, {"seconds": seconds, "processor": processor}


def measure(folder: Path, runs: int) -> dict[str, object]:
    """Encode, decode and sound the spectrogram, once after the other."""
    import torch

    mel = torch.tensor(np.load(folder / "mel.npy"))[None]
    codes = torch.tensor(np.load(folder / "vectors.npy"))
    encoder, decoder = codebook(folder / "codebook")
    generator = vocoder(folder / "vocoder")
    with torch.no_grad():
        z, encoding = timed(lambda: encoder(2.0 * mel[None] - 1.0), runs)
        again, decoding = timed(lambda: decoder(codes), runs)
        wave, sounding = timed(lambda: generator(mel), runs)
    np.savez(folder / "theirs.npz", z=z.numpy(), mel=again.numpy(), wave=wave.numpy())
    return {"encode": encoding, "decode": decoding, "vocoder": sounding}


def main() -> None:
    """Parse the words and do it."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("folder", type=Path)
    flags.add_argument("runs", type=int)
    flags.add_argument("program", help="the checkout")
    args = flags.parse_args()
    # Its packages are folders without a file, behind which any other of the name would come first.
    sys.path = [args.program, *(one for one in sys.path if not (Path(one) / "specvqgan" / "__init__.py").exists())]
    print("RESULT", json.dumps(measure(args.folder, args.runs)))


if __name__ == "__main__":
    main()
