"""Training: images per second and memory, at the first stage and at the last, against Magenta's trainer.

Each measurement runs in a process of its own. Magenta reads the same notes through its own input pipeline, which
computes every spectrogram again; ours come from the cache, which is timed separately.
"""

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench import work
from bench.common import has_magenta, magenta, peak_mb, worker, worker_words

INSTRUMENTS, PITCHES, RATE = 8, range(48, 72, 3), 16000


def write_notes(folder: Path) -> None:
    """A dataset of harmonic tones: enough of them, so that no batch is the same as the last."""
    from core.nn.tf_logs import suppress_tf_logs
    from gansynth.dataset import records

    with suppress_tf_logs():
        import tensorflow  # noqa: F401

    phases = 2 * np.pi * np.arange(work.TRAINED["audio_length"]) / RATE
    notes = [
        records.Note(f"{n}_{pitch}", records.Labels(str(n), pitch), _tone(phases * 440 * 2 ** ((pitch - 69) / 12), n))
        for n in range(INSTRUMENTS)
        for pitch in PITCHES
    ]
    records.write(folder, notes)


def _tone(phase: np.ndarray, brightness: int) -> np.ndarray:
    partials = [np.sin(n * phase) / n ** (3 - 0.3 * brightness) for n in range(1, 9)]
    return (0.1 * np.sum(partials, axis=0)).astype(np.float32)


class Stopwatch:
    """Times a run's steps, as its logger; `done` becomes true after the last."""

    def __init__(self, steps: int) -> None:
        self.steps, self.count, self.begun, self.seconds = steps, 0, 0.0, 0.0

    def step(self, stage: Any, before: int, images: int, losses: Mapping[str, Any]) -> None:
        """Count a step, once its losses are there."""
        for value in losses.values():
            float(value)
        self.count += 1
        if self.count == work.WARM_STEPS:
            self.begun = time.perf_counter()
        if self.count == work.WARM_STEPS + self.steps:
            self.seconds = time.perf_counter() - self.begun

    def done(self) -> bool:
        """Whether all steps were timed."""
        return self.seconds > 0

    def saved(self, prefix: Path) -> None:
        """Ignore a save."""

    def sample(self, stage: Any, tensors: Any, images: int) -> None:
        """Ignore that samples are due."""


def measure(folder: Path, steps: int) -> dict[str, float]:
    """Train a run for some steps in this process."""
    from core.training.loop import TrainingLoop
    from gansynth.training.run_setup import set_up
    from gansynth.training.trainer import SoundTrainer

    settings = json.loads((folder / "experiment.json").read_text())
    (folder / "experiment.json").unlink()
    begun = time.perf_counter()
    source = set_up(folder, settings | {"train_data_path": str(folder)}, lambda done, total: None)
    spectra_s, watch = time.perf_counter() - begun, Stopwatch(steps)
    TrainingLoop(SoundTrainer(folder, source), watch, stopping=watch.done).run()
    size = settings["batch_size_schedule"][0]
    return {
        "images_per_s": steps * size / watch.seconds,
        "peak_mb": peak_mb(os.getpid()),
        "spectra_s": spectra_s,
        "notes": len(source.rows),
    }


def side_by_side(settings: dict[str, Any], stage: int, steps: int) -> tuple[dict[str, float], dict[str, float]]:
    """Our figures, and Magenta's where it can be asked."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_notes(folder)
        (folder / "experiment.json").write_text(json.dumps(work.TRAINED | settings))
        theirs = magenta("train", folder, stage, steps) if has_magenta() else {}
        return worker("train", folder, steps), theirs


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    if words := worker_words("train", __doc__, argv):
        return print("RESULT", json.dumps(measure(Path(words[0]), int(words[1]))))
    print(
        f"{'batches of 8, float32':<28}{'ours':>20}" + (f"{'Magenta':>21}{'ratio':>9}" if has_magenta() else ""),
        flush=True,
    )
    for name, (settings, stage, steps) in work.TRAININGS.items():
        ours, theirs = side_by_side(settings, stage, steps)
        for key, unit in (("images_per_s", "images/s"), ("peak_mb", "MB      ")):
            line = f"{name if key == 'images_per_s' else '  peak memory':<28}{ours[key]:>11.1f} {unit}"
            if theirs:
                line += f"{theirs[key]:>12.1f} {unit}{ours[key] / theirs[key]:>8.1f}x"
            print(line, flush=True)
    print(f"\nthe spectra of {ours['notes']} notes, once: {ours['spectra_s']:.1f} s")


if __name__ == "__main__":
    main()
