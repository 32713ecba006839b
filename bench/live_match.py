"""What sounds like this? Recordings that the model does not know, each with two notes: which one is nearer to it?

    python -m bench.live_match FOLDER [--count 16]

The distance is not the one that the search goes by: the root mean square, in dB, over 80 mel bands every 32 ms of the
first second, levels left out. For each recording the note that was found meets a random note of the same pitch, the
nearest of 1000 random ones, and the note that was found for the next recording, played at this one's pitch.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import gansynth
from bench.play import SHIPPED
from core.audio import mel
from gansynth import matching
from gansynth.model import Model

_BANDS, _SECONDS = 80, 1.0
# Bands that are weaker than the strongest by this much count as equally weak.
_FLOOR_DB = 60.0
_RANDOM = 1000


def log_mel(wave: np.ndarray, rate: int) -> np.ndarray:
    """Levels of mel bands, dB, of mean 0: [bands, frames]."""
    size, hop = 2 ** round(np.log2(0.064 * rate)), 2 ** round(np.log2(0.032 * rate))
    wave = np.pad(wave, (0, max(0, round(_SECONDS * rate) - len(wave))))[: round(_SECONDS * rate)]
    weights = mel.bands(rate, size, _BANDS, 40.0, rate / 2)
    power = mel.powers(wave.astype(np.float32), weights, size, hop)
    levels = 10.0 * np.log10(np.maximum(power, power.max() * 10 ** (-_FLOOR_DB / 10)))
    return levels - levels.mean()


def apart_db(one: np.ndarray, other: np.ndarray) -> float:
    """How far two such spectra are apart."""
    return float(np.sqrt(np.mean((one - other) ** 2)))


def note(model: Model, z: np.ndarray, pitch: int) -> np.ndarray:
    """A note's spectrum."""
    return log_mel(model.generate(z[None], [pitch])[0], model.sample_rate)


def pairs(model: Model, paths: Sequence[Path]) -> None:
    """Print a line for each recording, and how often the note that was found is the nearer one."""
    recordings = [matching.read_recording(path, model.sample_rate) for path in paths]
    begun = time.perf_counter()
    found = [matching.find(model, recording) for recording in recordings]
    took_s = (time.perf_counter() - begun) / len(paths)
    random = np.random.default_rng(0).standard_normal((_RANDOM, model.latent_size)).astype(np.float32)
    won = np.zeros(3, int)
    for place, (path, recording, match) in enumerate(zip(paths, recordings, found, strict=True)):
        wanted = log_mel(recording, model.sample_rate)
        ours = apart_db(note(model, match.z, match.pitch), wanted)
        waves = model.notes(random, [match.pitch] * _RANDOM, length=round(_SECONDS * model.sample_rate))
        others = [apart_db(log_mel(wave, model.sample_rate), wanted) for wave in waves]
        next_one = apart_db(note(model, found[(place + 1) % len(found)].z, match.pitch), wanted)
        rivals = (others[0], min(others), next_one)
        won += [ours < rival for rival in rivals]
        line = "  ".join(f"{rival:5.1f}" for rival in rivals)
        print(f"{path.stem[:40]:<40} {match.pitch:3d}  found {ours:5.1f} dB  others {line}", flush=True)
    names = ("a random note", f"the nearest of {_RANDOM}", "the note of another recording")
    for name, count in zip(names, won, strict=True):
        print(f"nearer than {name}: {count} of {len(paths)}")
    print(f"{took_s:.1f} s a recording")


def main() -> None:
    """Choose recordings and measure."""
    flags = argparse.ArgumentParser(prog="python -m bench.live_match", description=__doc__)
    flags.add_argument("folder", type=Path, help="with recordings of single notes")
    flags.add_argument("--count", type=int, default=16, help="how many of them (default %(default)s)")
    flags.add_argument("--model", type=Path, default=SHIPPED, help="(default: fluid)")
    args = flags.parse_args()
    paths = sorted(path for path in args.folder.rglob("*") if path.suffix in (".wav", ".flac", ".ogg"))
    if not paths:
        sys.exit(f"there are no recordings in {args.folder}")
    chosen = np.random.default_rng(1).permutation(len(paths))[: args.count]
    pairs(gansynth.load(args.model), [paths[place] for place in chosen])


if __name__ == "__main__":
    main()
