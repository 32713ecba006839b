"""What the measurements share: timing, memory, and Magenta in its own environment."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
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


def magenta(*words: object) -> dict[str, Any]:
    """Run Magenta's side; its RESULT line, if it prints one."""
    return results([os.environ["MAGENTA_PYTHON"], "-m", "bench.magenta_side", *words])


def side(name: str, python: str, *words: object) -> dict[str, Any]:
    """Run another program's side, a file of this folder, with the interpreter that a variable names."""
    return results([os.environ[python], Path(__file__).parent / f"{name}.py", *words])


def worker(name: str, *words: object) -> dict[str, Any]:
    """Run a module of this folder as its own worker (see `worker_words`), in a process of its own."""
    return results([sys.executable, "-m", f"bench.{name}", "--worker", *words])


def worker_words(name: str, about: str | None, argv: Sequence[str] | None) -> list[str]:
    """Parse the command line of a module that has no flags, but for `--help`.

    Args:
        name: of the module.
        about: its docstring.
        argv: the words; None: those of this process.

    Returns:
        What follows `--worker`: the module then measures in this process, and prints a RESULT line.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m bench.{name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worker", nargs="+", default=[], help=argparse.SUPPRESS)
    return parser.parse_args(argv).worker


def results(command: Sequence[object]) -> dict[str, Any]:
    """Run a program; the JSON of the last line that begins with RESULT, if there is one. Ends ours if it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[1]} failed: {(done.stderr.strip() or 'without a word').splitlines()[-1]}")
    lines = [line[7:] for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(lines[-1]) if lines else {}
