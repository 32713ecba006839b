"""What the measurements share: timing, memory, and Magenta in its own environment."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

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


def peak_mb(pid: int) -> float:
    """Peak resident memory of a process (Linux), MB; nan elsewhere."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def has_magenta() -> bool:
    """Whether MAGENTA_PYTHON names the interpreter of Magenta's environment."""
    return "MAGENTA_PYTHON" in os.environ


def magenta(*words: object) -> dict[str, float]:
    """Run Magenta's side; its RESULT line, if it prints one."""
    return results([os.environ["MAGENTA_PYTHON"], Path(__file__).parent / "magenta_side.py", *words])


def results(command: list[object]) -> dict[str, float]:
    """Run a program; the JSON of the last line that begins with RESULT, if there is one. Ends ours if it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[1]} failed: {(done.stderr.strip() or 'without a word').splitlines()[-1]}")
    lines = [line[7:] for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(lines[-1]) if lines else {}
