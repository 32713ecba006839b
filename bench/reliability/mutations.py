"""Change files of every format at random and read them: nothing dies, nothing hangs, errors are sentences.

    python -m bench.reliability.mutations                    # 2000 changes of each format
    python -m bench.reliability.mutations --count 200 --only MIDI

Each format is read in a process of its own, whose memory is limited; if it ends, or takes longer than a minute for one
file, that is a death, and the next process goes on after that file.
"""

import argparse
import json
import resource
import selectors
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from bench.reliability.formats import Format, all_formats

LIMIT_BYTES = 8 << 30
LONGEST_S = 60.0
_EXTREMES = (0, 1, -1, 2**7, 2**15, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63))


def mutated(data: bytes, number: int) -> bytes:
    """A changed copy of a file's bytes; the same number gives the same change."""
    rng = np.random.default_rng(number)
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        # Headers and indexes are where sizes are: half of the changes are there or at the end.
        place = _place(rng, len(changed))
        kind = int(rng.integers(7))
        if kind == 0:
            changed[place : place + 1] = rng.bytes(1)
        elif kind == 1 and changed:
            changed[min(place, len(changed) - 1)] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            del changed[place:]
        elif kind == 3:
            changed[place:place] = rng.bytes(int(rng.integers(1, 64)))
        elif kind == 4:
            changed[place:place] = changed[place : place + int(rng.integers(1, 4096))]
        elif kind == 5:
            del changed[place : place + int(rng.integers(1, 256))]
        else:
            value = _EXTREMES[int(rng.integers(len(_EXTREMES)))] % 2**64
            size, order = (1, 2, 4, 8)[int(rng.integers(4))], ("little", "big")[int(rng.integers(2))]
            changed[place : place + size] = (value % 2 ** (8 * size)).to_bytes(size, order)
    return bytes(changed)


def _place(rng: np.random.Generator, length: int) -> int:
    near = int(rng.integers(0, min(length, 512) + 1))
    return (int(rng.integers(0, length + 1)), int(rng.integers(0, length + 1)), near, length - near)[rng.integers(4)]


def work(one: Format, first: int, count: int) -> None:
    """Read changes first..count of a format; prints the number of each, and what was found at the end."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    warnings.simplefilter("ignore")
    ends: Counter[str] = Counter()
    slowest_s, faults = 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        place, file = one.copy(Path(folder))
        data = file.read_bytes()
        one.read(place)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(first, count):
            print(f"AT {number}", flush=True)
            file.write_bytes(mutated(data, number))
            begun_s = time.perf_counter()
            try:
                one.read(place)
                ends["read"] += 1
            except (ValueError, OSError):
                ends["refused"] += 1
            except Exception as error:
                ends["fault"] += 1
                faults.append(f"{number}: {type(error).__name__}: {error}"[:200])
            slowest_s = max(slowest_s, time.perf_counter() - begun_s)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print("RESULT " + json.dumps({**ends, "slowest_s": slowest_s, "grown_mb": grown, "faults": faults[:5]}), flush=True)


def measure(name: str, count: int) -> dict[str, Any]:
    """Read `count` changes of a format, in as many processes as it takes."""
    total: dict[str, Any] = {
        "read": 0,
        "refused": 0,
        "fault": 0,
        "deaths": [],
        "slowest_s": 0,
        "grown_mb": 0,
        "faults": [],
    }
    first = 0
    while first < count:
        command = [sys.executable, "-m", "bench.reliability.mutations", "--worker", name, str(first), str(count)]
        found, last = _run(command)
        if found is None:
            total["deaths"].append(last)
            first = last + 1
            continue
        for key in ("read", "refused", "fault"):
            total[key] += found.get(key, 0)
        for key in ("slowest_s", "grown_mb"):
            total[key] = max(total[key], found[key])
        total["faults"] += found["faults"]
        first = count
    return total


def _run(command: list[str]) -> tuple[dict[str, Any] | None, int]:
    """What a process found, and the number of its last file; nothing if it died."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    last, found = -1, None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(LONGEST_S):
            line = process.stdout.readline()
            if not line:
                break
            if line.startswith("AT "):
                last = int(line[3:])
            elif line.startswith("RESULT "):
                found = json.loads(line[7:])
    process.kill()
    process.wait()
    return found, max(last, 0)


def main() -> None:
    """Parse the flags, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="changes of each format (default: %(default)s)")
    parser.add_argument("--only", default="", help="formats whose name contains this")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        formats = {one.name: one for one in all_formats(Path(scratch))}
        if options.worker:
            name, first, count = options.worker
            return work(formats[name], int(first), int(count))
        print("| format | read | refused | faults | deaths | slowest, s | memory, MB |\n|---|---|---|---|---|---|---|")
        for name in formats:
            if options.only in name:
                found = measure(name, options.count)
                numbers = (found["read"], found["refused"], found["fault"], len(found["deaths"]))
                print(
                    f"| {name} | {' | '.join(map(str, numbers))} | {found['slowest_s']:.2f} | {found['grown_mb']:.0f} |"
                )
                for fault in (*found["faults"], *(f"death at {number}" for number in found["deaths"])):
                    print(f"    {fault}", file=sys.stderr)
    return None


if __name__ == "__main__":
    main()
