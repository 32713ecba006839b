"""SpecVQGAN's codec at full size: how long 10 s take, against the machine's floor and the original on torch.

The codebook of VGGSound (1024 codes) and its MelGAN with random weights. With SPECVQGAN_PYTHON naming an interpreter
that has torch and safetensors, and SPECVQGAN a checkout of v-iashin/SpecVQGAN, that does the same work in the same run,
and what both compute is compared. Beside the clock stands the processor's time, which other programs disturb less.
SPECVQGAN_CORES, such as 1, pins both to so many cores.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import specvqgan
from bench.common import side, worker, worker_words
from specvqgan import run_folder
from specvqgan.codebook import config as codebook_settings
from specvqgan.codebook import weights as codebook_weights
from specvqgan.codebook.config import CodebookConfig
from specvqgan.codebook.network import CODES
from specvqgan.vocoder import config as vocoder_settings
from specvqgan.vocoder import network as vocoder_network
from specvqgan.vocoder import weights as vocoder_weights
from specvqgan.vocoder.config import VocoderConfig

RUNS = 3
FULL = CodebookConfig((128, 128, 256, 256, 512), 2, (4,), 256, 1024, 256)
WORK = ("encode", "decode", "vocoder")


def multiplications(config: CodebookConfig) -> dict[str, float]:
    """Multiplications with an addition that encoder and decoder need for a spectrogram, attention left out."""
    found = {"encode": 0.0, "decode": 0.0}
    for name, shape in codebook_weights.expected(config).items():
        if len(shape) != 4:
            continue
        side = "encode" if name.startswith(("encoder", "quant")) else "decode"
        found[side] += float(np.prod(shape)) * _pixels(name, config)
    return found


def _pixels(name: str, config: CodebookConfig) -> int:
    """Pixels that a convolution of the codebook computes."""
    parts = name.split(".")
    innermost = len(config.channels) - 1
    level = innermost
    if parts[1] in ("down", "up"):
        level = int(parts[2]) + (parts[3] == "downsample") - (parts[3] == "upsample")
    elif name.startswith(("encoder.conv_in", "decoder.conv_out")):
        level = 0
    return (config.mels >> level) * (config.frames >> level)


def vocoder_multiplications(config: VocoderConfig, frames: int) -> float:
    """Multiplications with an addition that a MelGAN needs."""
    total, rate, ratios = 0.0, 1, iter(config.ratios)
    for _, turned, size, before, after in vocoder_network.convolutions(config):
        # A transposed convolution works at the rate before it.
        total += size * before * after * rate * frames
        rate *= next(ratios) if turned else 1
    return total


def write(folder: Path) -> None:
    """Random weights, a spectrogram, and vectors of codes."""
    rng = np.random.default_rng(0)
    arrays = codebook_weights.initial(FULL, rng)
    arrays[CODES] = rng.standard_normal(arrays[CODES].shape).astype(np.float32)
    run_folder.write(folder / "codebook", codebook_settings.to_json(FULL), codebook_weights.to_original(arrays))
    shape = VocoderConfig()
    sound = vocoder_weights.to_original(vocoder_weights.initial(shape, rng))
    run_folder.write(folder / "vocoder", vocoder_settings.to_json(shape), sound)
    np.save(folder / "mel.npy", rng.random((FULL.mels, FULL.frames), np.float32))
    codes = rng.integers(FULL.codes, size=(1, FULL.rows, FULL.columns))
    np.save(folder / "codes.npy", codes)
    np.save(folder / "vectors.npy", arrays[CODES][codes].transpose(0, 3, 1, 2))


def measure(folder: Path, precision: str) -> dict[str, Any]:
    """Encode, decode and sound the spectrogram."""
    from bench.floor import multiplication_rate

    mel, codes = np.load(folder / "mel.npy")[None], np.load(folder / "codes.npy")
    codebook = specvqgan.load_codebook(folder / "codebook", precision=precision)
    vocoder = specvqgan.load_vocoder(folder / "vocoder", precision=precision)
    z, encoding = timed(lambda: codebook.embed(mel))
    again, decoding = timed(lambda: codebook.decode(codes, clip=False))
    wave, sounding = timed(lambda: vocoder.generate(mel))
    found: dict[str, Any] = {"encode": encoding, "decode": decoding, "vocoder": sounding}
    rate = multiplication_rate()
    needed = multiplications(FULL) | {"vocoder": vocoder_multiplications(vocoder.config, FULL.frames)}
    for name in WORK:
        found[name]["floor_s"] = 2 * needed[name] / rate
    if (folder / "theirs.npz").exists():
        with np.load(folder / "theirs.npz") as file:
            theirs = {name: file[name] for name in file.files}
        for name, ours, their in (
            ("encode", z.transpose(0, 3, 1, 2), theirs["z"]),
            ("decode", again, (theirs["mel"][:, 0] + 1) / 2),
            ("vocoder", wave, theirs["wave"][:, 0]),
        ):
            found[name] |= {"difference": float(np.abs(ours - their).max()), "deviation": float(their.std())}
    return found


def timed(call: Callable[[], np.ndarray]) -> tuple[np.ndarray, dict[str, Any]]:
    """What a call gives, and its seconds on the clock and of the processor."""
    result, seconds, processor = call(), [], []
    for _ in range(RUNS):
        begun, used = time.perf_counter(), time.process_time()
        result = call()
        seconds.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
    return result, {"seconds": seconds, "processor": processor}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    if words := worker_words("specvqgan_codec", __doc__, argv):
        return print("RESULT", json.dumps(measure(Path(words[0]), words[1])))
    cores = int(os.environ.get("SPECVQGAN_CORES", "0"))
    if cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    compared = {"SPECVQGAN_PYTHON", "SPECVQGAN"} <= set(os.environ)
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch))
        theirs: dict[str, Any] = {}
        if compared:
            theirs = side("specvqgan_codec_side", "SPECVQGAN_PYTHON", scratch, RUNS, os.environ["SPECVQGAN"])
        ours = {precision: worker("specvqgan_codec", scratch, precision) for precision in ("f32", "bf16")}
    for name in WORK:
        _print(name, theirs.get(name), {precision: found[name] for precision, found in ours.items()})


def _print(name: str, theirs: dict[str, Any] | None, ours: dict[str, dict[str, Any]]) -> None:
    print(f"{name} 10 s (floor {1e3 * ours['f32']['floor_s']:.0f} ms)")
    rows = ([("original, float32", theirs)] if theirs else []) + list(ours.items())
    for label, found in rows:
        seconds, used = float(np.median(found["seconds"])), float(np.median(found["processor"]))
        line = f"  {label:<20}{1e3 * seconds:8.0f} ms {1e3 * used:8.0f} ms of the processor"
        if theirs and found is not theirs:
            clock, processor = np.median(theirs["seconds"]) / seconds, np.median(theirs["processor"]) / used
            line += f"   {clock:4.1f} and {processor:4.1f} times"
            line += f"   largest difference {found['difference']:.1e} of deviation {found['deviation']:.2g}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
