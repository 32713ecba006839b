"""Mixed requests for a long time: memory stays where it is.

python -m bench.reliability.soak                         # 10 000 requests
python -m bench.reliability.soak --count 1000
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.reliability.running import running
from server.engine.queue import IDLE_S

_REST_S = IDLE_S + 5.0
_READINGS = 6


def requests(number: int, pitches: list[int]) -> tuple[Any, ...]:
    """The next request: mostly notes and slots, now and then a hallucination, another model, another rate."""
    slot, pitch = f"s{number % 40}", pitches[number % len(pitches)]
    turn = number % 50
    if turn == 0:
        return "/sound/hallucinate", "long", 3, 4
    if turn == 1:
        return "/notify", 0, (0, 44_100, 48_000)[number // 50 % 3]
    if turn == 2:
        return "/sound/set_edits", 0.1 * (number % 20)
    if turn in (3, 4):
        return "/sound/no_such_command", number
    if turn % 3 == 0:
        return "/sound/randomize_z", slot
    if turn % 3 == 1:
        return "/sound/slerp_z", "a", "b", slot, 0.3
    return "/sound/synthesize", "a", f"t{number % 10}", pitch


def main() -> None:
    """Parse the flags, play, print the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="requests (default: %(default)s)")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--no-image", "--spool-limit", 512) as server:
        loaded = server.ask("/sound/load", "fluid")[0]
        server.ask("/sound/load_ganspace_components", "auto")
        server.ask("/sound/randomize_z", "a", "b", *(f"s{number}" for number in range(40)))
        pitches, begun_s = [int(pitch) for pitch in loaded.args[4:]], time.perf_counter()
        readings = {}
        for number in range(count):
            server.ask(*requests(number, pitches))
            if (number + 1) % max(1, count // _READINGS) == 0:
                # Only then the server gives back what is free.
                time.sleep(_REST_S)
                readings[number + 1] = server.memory_mb()
        spool = sum(path.stat().st_size for path in (Path(folder) / "spool").iterdir()) >> 20
        print(f"{count} requests in {time.perf_counter() - begun_s:.0f} s")
        print("memory, after a minute's rest:", *(f"{found:.1f} MB after {place}" for place, found in readings.items()))
        first, second, *_, last = readings.values()
        changes = [f"{100 * (last / before - 1):+.2f} %" for before in (first, second)]
        print(f"to the last: {changes[0]} from the first, {changes[1]} from the second")
        print(f"spool {spool} MB of 512")


if __name__ == "__main__":
    main()
