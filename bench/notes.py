"""Notes of one engine at one precision, in a process of its own, whose beginning counts too."""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench import work
from bench.common import median_s, peak_mb

BEGUN = time.perf_counter()


def measure(folder: Path, engine: str, precision: str) -> dict[str, float]:
    """Seconds, and the processor's seconds, of notes; of a hallucination; from import to first note; peak memory."""
    import gansynth
    from gansynth.hallucination import Timing, hallucinate

    model = gansynth.load(folder, engine=engine, precision=precision)
    result = {"load_s": time.perf_counter() - BEGUN}
    rng = np.random.RandomState(work.SEED)
    z, keys = (rng.standard_normal([count, model.latent_size]) for count in (work.NOTES, work.KEYS))
    pitch = model.nearest_pitch(work.PITCH)
    pitches = [pitch] * len(z)
    model.generate(z[:1], pitches[:1])
    result["first_s"] = time.perf_counter() - BEGUN
    result["note_s"] = median_s(lambda: model.generate(z[:1], pitches[:1]), 9)
    result["notes_s"] = median_s(lambda: model.generate(z, pitches), 5)
    before = time.process_time()
    waves = model.generate(z, pitches)
    result["note_cpu_s"] = (time.process_time() - before) / len(z)
    length_s = model.audio_length / model.sample_rate
    timing = Timing(work.SPACING_S, 0.0, *(s * min(1.0, length_s / 2) for s in work.ENVELOPE_S))
    result["hallucination_s"] = median_s(lambda: hallucinate(model, keys, work.STEPS, timing, pitch))
    reference = folder / "waves.npy"
    if reference.exists():
        theirs = np.load(reference)
        result["error"] = float(np.linalg.norm(waves - theirs) / np.linalg.norm(theirs))
    return result | {"peak_mb": peak_mb(os.getpid())}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure one engine; `python -m bench` says which."""
    flags = argparse.ArgumentParser(prog="python -m bench.notes", description=__doc__)
    flags.add_argument(
        "--worker", nargs=3, required=True, metavar=("FOLDER", "ENGINE", "PRECISION"), help="what to play"
    )
    folder, engine, precision = flags.parse_args(argv).worker
    print("RESULT", json.dumps(measure(Path(folder), engine, precision)))


if __name__ == "__main__":
    main()
