"""The instrument at full size (mel_prog_hires, random weights) and with the model that ships: notes, the server."""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import work
from bench.common import has_magenta, magenta, median_s, peak_mb, worker, worker_words

ENGINES = {"f32": ("openvino", "f32"), "bf16": ("openvino", "bf16"), "Keras": ("tensorflow", "f32")}
SHIPPED = Path(__file__).parent.parent / "models" / "gansynth" / "fluid"
ROWS = {
    "loading a checkpoint, with imports, s": ("load_s", 1),
    "from import to the first note, s": ("first_s", 1),
    "one note, ms": ("note_s", 1000),
    f"{work.NOTES} notes, ms": ("notes_s", 1000),
    "of all cores for one of them, ms": ("note_cpu_s", 1000),
    "hallucination, 100 notes, s": ("hallucination_s", 1),
    "peak memory, MB": ("peak_mb", 1),
}


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


def over_osc(models: Path, name: str) -> dict[str, float]:
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
        ask("/sound/load", name)
        ask("/sound/randomize_z", "a")
        ask("/sound/synthesize", "a", "t", work.SERVED_PITCH)
        result["first_sound_s"] = time.perf_counter() - begun
        result["note_s"] = median_s(lambda: ask("/sound/synthesize", "a", "t", work.SERVED_PITCH), 9)
        ask("/sound/hallucinate", "t", work.KEYS, work.STEPS, work.SPACING_S)
        result["peak_mb"] = peak_mb(process.pid)
    return result


def table(title: str, ours: dict[str, dict[str, float]], theirs: dict[str, float]) -> str:
    """What each engine takes, and Magenta where it was measured."""
    lines = [f"{title:<42}" + "".join(f"{name:>9}" for name in (*ours, *(["Magenta"] if theirs else [])))]
    for row, (key, factor) in ROWS.items():
        figures = [factor * found[key] for found in ours.values()]
        figures += [factor * theirs[key]] if key in theirs else []
        lines.append(f"{row:<42}" + "".join(f"{figure:9.4g}" for figure in figures))
    for name, found in ours.items():
        if "error" in found:
            lines.append(f"waves against Magenta's, same weights, {name}: relative error {found['error']:.1e}")
    return "\n".join(lines)


def served(title: str, osc: dict[str, float]) -> str:
    """What the server takes."""
    return "\n".join(
        [
            f"server with {title}, from its start: /status {osc['status_s']:.2f} s, "
            f"the first sound {osc['first_sound_s']:.1f} s",
            f"one note from message to /done: {1000 * osc['note_s']:.1f} ms; "
            f"peak memory after a hallucination: {osc['peak_mb']:.0f} MB",
        ]
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    worker_words("play", __doc__, argv)
    from bench.floor import multiplication_rate, operations
    from gansynth import read_config

    with tempfile.TemporaryDirectory() as scratch:
        models = Path(scratch)
        full = checkpoint(models)
        theirs = magenta("time", full) if has_magenta() else {}
        rate, note = multiplication_rate(), operations(read_config(full), read_config(full).frames)
        print(f"This machine multiplies float32 matrices at {rate / 1e9:.0f} GFLOP/s.")
        print(f"One note at full size: {note / 1e9:.1f} GFLOP, so at least {1000 * note / rate:.0f} ms.\n")
        for title, folder, shelf in (("full size", full, models), ("fluid", SHIPPED, SHIPPED.parent.parent)):
            ours = {name: worker("notes", folder, *engine) for name, engine in ENGINES.items()}
            print(table(title, ours, theirs if folder == full else {}) + "\n")
            print(served(title, over_osc(shelf, folder.name)) + "\n")


if __name__ == "__main__":
    main()
