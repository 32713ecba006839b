"""SpecVQGAN's transformer: how long a code takes, against the machine's floor and the original.

Full size (24 layers, width 1024) with random weights, after 5 and 212 frames of features; and a small one. With
SPECVQGAN_PYTHON naming an interpreter that has torch, and SPECVQGAN a checkout of v-iashin/SpecVQGAN, that writes the
weights and samples in the same run, and its codes are compared with ours. SPECVQGAN_FRAMES, such as 5, leaves out the
others.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import specvqgan
from bench.common import peak_mb, side, worker, worker_words
from specvqgan import run_folder
from specvqgan.transformer import config as settings
from specvqgan.transformer import weights
from specvqgan.transformer.config import TransformerConfig

FORMS = (("f32", "float"), ("bf16", "float"), ("f32", "int8"))
SMALL = TransformerConfig(5, 53, 256, 5, 8, 256, frames=10, feature_depth=32)
LONG_COLUMNS = 30


def measure(folder: Path, precision: str, kind: str) -> dict[str, Any]:
    """Load it; sample a window of likeliest codes; and some columns beyond a window."""
    from bench.floor import reading_rate

    features, begun = np.load(folder / "features.npy"), time.perf_counter()
    model = specvqgan.load_transformer(folder, precision=precision, weights=kind)
    load_s = time.perf_counter() - begun
    model.sample(features, columns=1)
    timed: dict[str, list[float]] = {"seconds": [], "processor": []}
    codes = _timed(timed, model.stream(features, columns=53, temperature=0))
    beyond: dict[str, list[float]] = {"seconds": [], "processor": []}
    stream = model.stream(features, start=codes, temperature=0)
    for _ in range(codes.shape[2]):
        next(stream)
    _timed(beyond, (next(stream) for _ in range(LONG_COLUMNS)))
    logits = model.evaluate(codes, features).logits
    if not (folder / "exact.npz").exists():
        np.savez(folder / "exact.npz", codes=codes, logits=logits)
    exact = np.load(folder / "exact.npz")
    difference = model.evaluate(exact["codes"], features).logits - exact["logits"]
    size = bytes_of(model.config, precision, kind)
    return {
        **timed,
        "load_s": load_s,
        "peak_mb": peak_mb(os.getpid()),
        "beyond": beyond,
        "floor_s": size / reading_rate(),
        "codes": codes.transpose(0, 2, 1).ravel().tolist(),
        "others": int((codes != exact["codes"]).sum()),
        "likeliest": int(((difference + exact["logits"]).argmax(-1) != exact["logits"].argmax(-1)).sum()),
        "difference": float(np.sqrt(np.square(difference).mean())),
        "deviation": float(exact["logits"].std()),
    }


def _timed(into: dict[str, list[float]], columns: Any) -> np.ndarray:
    """Columns as they come, and how long each of their codes took."""
    found = []
    begun, used = time.perf_counter(), time.process_time()
    for column in columns:
        now, processor = time.perf_counter(), time.process_time()
        into["seconds"].append((now - begun) / column.shape[1])
        into["processor"].append((processor - used) / column.shape[1])
        begun, used = now, processor
        found.append(column)
    return np.stack(found, axis=2)


def bytes_of(config: TransformerConfig, precision: str, kind: str) -> float:
    """Bytes of the matrices that each code reads."""
    numbers = 12 * config.layers * config.width**2 + config.codes * config.width
    return numbers * {"float": {"f32": 4, "bf16": 2}[precision], "int8": 1}[kind]


def line(name: str, found: Mapping[str, Any]) -> None:
    """Print how long a code takes: median, and of the processor."""
    median, used = np.median(found["seconds"]), np.median(found["processor"])
    floor = f"   floor {1e3 * found['floor_s']:6.1f} ms" if "floor_s" in found else ""
    print(
        f"  {name:<34}{1e3 * median:8.1f} ms ({1 / median:7.1f} a second) {1e3 * used:8.1f} ms of the processor{floor}"
    )


def rows(name: str, folder: Path, other: Mapping[str, Any] | None) -> None:
    """Measure one model in each form and print it."""
    print(name)
    for precision, kind in FORMS:
        found = worker("specvqgan_tokens", folder, precision, kind)
        form = precision if kind == "float" else kind
        for title, part in ((form, found), ("  beyond the window", found["beyond"])):
            line(title, part)
            if other:
                ratios = [np.median(other[what]) / np.median(part[what]) for what in ("seconds", "processor")]
                print(f"    {'ratios, and of the processor':<32}{ratios[0]:8.1f} {ratios[1]:8.1f}")
        count = len(found["codes"])
        print(
            f"    {found['others']} of {count} codes differ from f32, {found['likeliest']} with the same before them;"
        )
        print(f"    logits by {found['difference']:.3f} of {found['deviation']:.1f}; {found['peak_mb']:.0f} MB at most")
        if other and (precision, kind) == FORMS[0] and found["codes"][: len(other["codes"])] != other["codes"]:
            sys.exit(f"codes differ: {found['codes'][: len(other['codes'])]}, {other['codes']}")
    if other:
        line("the original, torch, float32", other)
    print(flush=True)


def small(folder: Path) -> None:
    """Write a small model with random weights."""
    rng = np.random.default_rng(0)
    run_folder.write(folder, settings.to_json(SMALL), weights.initial(SMALL, rng))
    np.save(folder / "features.npy", rng.random((1, SMALL.frames, SMALL.feature_depth)).astype(np.float32))


def full(folder: Path, frames: int) -> None:
    """Write a full-size model with random weights."""
    config, rng = (
        TransformerConfig(5, 53, 1024, 24, 16, 1024, frames=frames, feature_depth=2048),
        np.random.default_rng(0),
    )
    run_folder.write(folder, settings.to_json(config), weights.initial(config, rng))
    np.save(folder / "features.npy", rng.random((1, frames, 2048)).astype(np.float32))


def theirs(what: str, folder: Path, frames: int) -> dict[str, Any]:
    """Run the original's side."""
    return side("specvqgan_tokens_side", "SPECVQGAN_PYTHON", what, folder, frames, os.environ["SPECVQGAN"])


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    if words := worker_words("specvqgan_tokens", __doc__, argv):
        return print("RESULT", json.dumps(measure(Path(words[0]), *words[1:3])))
    compared = {"SPECVQGAN_PYTHON", "SPECVQGAN"} <= set(os.environ)
    with tempfile.TemporaryDirectory() as scratch:
        small(Path(scratch) / "small")
        rows("5 layers, width 256, 10 frames", Path(scratch) / "small", None)
        for frames in (int(number) for number in os.environ.get("SPECVQGAN_FRAMES", "5,212").split(",")):
            folder = Path(scratch) / f"frames{frames}"
            theirs("make", folder, frames) if compared else full(folder, frames)
            rows(
                f"24 layers, width 1024, {frames} frames", folder, theirs("time", folder, frames) if compared else None
            )


if __name__ == "__main__":
    main()
