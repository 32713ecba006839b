"""What each part of a note's way costs, in one process: the network, the samples, resampling, the file."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gansynth
from bench.common import median_s
from core.audio.resample import StreamResampler
from gansynth import streaming
from server.sinks.wav_spool import WavSpool

_RATE = 44100
_RUNS = 100


def parts(folder: Path) -> dict[str, float]:
    """Milliseconds of each part, by its name; the median of many notes."""
    model = gansynth.load(folder)
    model.warm_up()
    config, frames = model.config, model.heads.choose()
    (x,) = model._input(np.random.default_rng(0).standard_normal((1, model.latent_size)), [model.pitches[0]], None)
    head = model._networks.specgram(x, None, frames)
    wave, _ = streaming.advance(head, streaming.StreamState(), config)

    def resampled() -> np.ndarray:
        return StreamResampler(model.sample_rate, _RATE).next(wave)

    with tempfile.TemporaryDirectory() as scratch:
        spool, samples = WavSpool(Path(scratch)), resampled()
        steps: dict[str, Callable[[], Any]] = {
            f"network, {frames} of {config.frames} frames": lambda: model._networks.specgram(x, None, frames),
            f"{len(wave)} samples of them": lambda: streaming.advance(head, streaming.StreamState(), config),
            f"at {_RATE} Hz": resampled,
            "file": lambda: spool.write([samples], _RATE),
            "the whole note": lambda: list(model.blocks(np.ones(model.latent_size), model.pitches[0])),
        }
        return {name: 1000.0 * median_s(step, _RUNS) for name, step in steps.items()}


def main(folders: list[Path]) -> None:
    """Measure and print."""
    for folder in folders:
        print(f"\n{folder.name}: ms")
        for name, took_ms in parts(folder).items():
            print(f"{name:<32}{took_ms:7.2f}")
