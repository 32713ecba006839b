"""Measure the instrument at full size (mel_prog_hires, random weights) and print a table.

With MAGENTA_PYTHON naming the interpreter of Magenta's environment, Magenta does the same work on the same checkpoint
in the same run, and its waves are compared with ours. Otherwise ours stands alone, beside the floor.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import work

HERE = Path(__file__).parent
RUNS = 3


def median_s(call: Callable[[], Any], runs: int = RUNS) -> float:
    """Median seconds of several runs, after one that is not counted."""
    call()
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds))


def magenta(*words: str) -> dict[str, float]:
    """Run Magenta's side; its RESULT line, if it prints one."""
    command = [os.environ["MAGENTA_PYTHON"], str(HERE / "magenta_side.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"Magenta failed: {done.stderr.strip().splitlines()[-1]}")
    results = [line[7:] for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(results[-1]) if results else {}


def checkpoint(models: Path) -> Path:
    """A full-size checkpoint with random weights: Magenta's own where it can be asked."""
    folder = models / "gansynth" / "full"
    if "MAGENTA_PYTHON" in os.environ:
        folder.mkdir(parents=True)
        magenta("make", str(folder))
    else:
        from scripts.make_noise_checkpoint import FULL, SCHEDULE, write

        write(folder, FULL | SCHEDULE, seed=0)
    return folder


def in_process(folder: Path) -> dict[str, float]:
    """Loading, eight notes, the hallucination, without a server; the largest difference from Magenta's waves."""
    import tensorflow  # noqa: F401 - not part of loading a checkpoint

    import gansynth
    from bench.floor import multiplication_rate, operations
    from gansynth.hallucination import Timing, hallucinate
    from gansynth.spectral import needed_frames

    begun = time.perf_counter()
    model = gansynth.load(folder)
    load_s = time.perf_counter() - begun
    rng = np.random.RandomState(work.SEED)
    z, keys = rng.standard_normal([work.NOTES, 256]), rng.standard_normal([work.KEYS, 256])
    pitches = [work.PITCH] * len(z)
    timing = Timing(work.SPACING_S, 0.0, work.ATTACK_S, work.SUSTAIN_S, work.RELEASE_S)
    frames = needed_frames(round(timing.envelope_s * model.sample_rate), model.config)
    rate = multiplication_rate()
    note, cropped = operations(model.config, model.config.frames), operations(model.config, frames)
    count = work.KEYS + (work.KEYS - 1) * work.STEPS
    result = {
        "rate": rate,
        "load_s": load_s,
        "notes_s": median_s(lambda: model.generate(z, pitches)),
        "notes_ops": work.NOTES * note,
        "hallucination_s": median_s(lambda: hallucinate(model, keys, work.STEPS, timing, work.PITCH)),
        "hallucination_ops": count * cropped,
        "plain_note_ops": operations(model.config, model.config.frames, plain=True),
        "note_ops": note,
    }
    reference = folder / "waves.npy"
    if reference.exists():
        theirs = np.load(reference)
        result["error"] = float(np.linalg.norm(model.generate(z, pitches) - theirs) / np.linalg.norm(theirs))
    return result


def over_osc(models: Path) -> dict[str, float]:
    """The server from its start to the first sound, one note from message to /done, its peak memory."""
    from server.client import Client
    from server.demo import running_server

    begun = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_server(models, Path(scratch)) as (process, port),
        Client("127.0.0.1", port, 120.0) as client,
    ):

        def ask(address: str, *args: Any) -> None:
            last = list(client.ask(address, *args))[-1]
            if last.address == "/fail":
                sys.exit(f"the server refuses {address}: {last.args[-1]}")

        ask("/status")
        result = {"status_s": time.perf_counter() - begun}
        ask("/sound/load", "full")
        ask("/sound/randomize_z", "a")
        ask("/sound/synthesize", "a", "t", work.PITCH)
        result["first_sound_s"] = time.perf_counter() - begun
        result["note_s"] = median_s(lambda: ask("/sound/synthesize", "a", "t", work.PITCH), 9)
        ask("/sound/hallucinate", "t", work.KEYS, work.STEPS, work.SPACING_S, 0, 0.5, 1, 0.5, work.PITCH)
        result["peak_mb"] = peak_mb(process.pid)
    return result


def peak_mb(pid: int) -> float:
    """Peak resident memory of a process (Linux), MB; nan elsewhere."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def table(ours: dict[str, float], osc: dict[str, float], theirs: dict[str, float]) -> str:
    """The report."""

    def row(what: str, key: str, ops: str | None = None) -> str:
        floor = f"{ours[ops] / ours['rate']:6.2f} s" if ops else "        "
        ratio = f"{theirs[key]:7.2f} s {theirs[key] / ours[key]:6.1f}x" if key in theirs else ""
        return f"{what:<44}{ours[key]:6.2f} s {floor} {ratio}"

    lines = [
        f"This machine multiplies float32 matrices at {ours['rate'] / 1e9:.0f} GFLOP/s.",
        f"One note: {ours['note_ops'] / 1e9:.1f} GFLOP; Magenta's way {ours['plain_note_ops'] / 1e9:.1f}.",
        "",
        f"{'full size, float32':<44}{'ours':>8} {'floor':>8}" + (f" {'Magenta':>9} {'ratio':>7}" if theirs else ""),
        row("loading a checkpoint", "load_s"),
        row(f"{work.NOTES} notes of 4 s", "notes_s", "notes_ops"),
        row("hallucination, 100 notes, 41.6 s of sound", "hallucination_s", "hallucination_ops"),
        "",
        f"server, from its start: /status {osc['status_s']:.2f} s, the first sound {osc['first_sound_s']:.1f} s",
        f"one note from message to /done: {osc['note_s']:.3f} s",
        f"peak memory after the hallucination: {osc['peak_mb']:.0f} MB",
    ]
    if "error" in ours:
        lines.append(f"our waves against Magenta's, same weights: relative error {ours['error']:.1e}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        models = Path(scratch)
        folder = checkpoint(models)
        theirs = magenta("time", str(folder)) if "MAGENTA_PYTHON" in os.environ else {}
        ours = in_process(folder)
        osc = over_osc(models)
        print(table(ours, osc, theirs))


if __name__ == "__main__":
    main()
