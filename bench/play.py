"""The instrument at full size (mel_prog_hires, random weights): loading, notes, a hallucination, the server."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import work
from bench.common import has_magenta, magenta, median_s, peak_mb


def checkpoint(models: Path) -> Path:
    """A full-size checkpoint with random weights: Magenta's own where it can be asked."""
    folder = models / "gansynth" / "full"
    if has_magenta():
        folder.mkdir(parents=True)
        magenta("make", folder)
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
    from scripts.hallu_demo import running_server
    from server.osc.client import Client

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
    with tempfile.TemporaryDirectory() as scratch:
        models = Path(scratch)
        folder = checkpoint(models)
        theirs = magenta("time", folder) if has_magenta() else {}
        ours = in_process(folder)
        osc = over_osc(models)
        print(table(ours, osc, theirs))
