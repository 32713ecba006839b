"""Malformed datagrams: the server answers on, its memory and its log stay small.

python -m bench.reliability.datagrams                    # a million
python -m bench.reliability.datagrams --count 20000
"""

import argparse
import socket
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.reliability.mutations import mutated
from bench.reliability.running import running
from core.commands.table import TABLE
from server.osc.packet import Message, encode

# So many are sent before the server is asked whether it is still there: no more than its buffer holds.
_AT_ONCE = 200


def samples() -> list[bytes]:
    """A well-formed message of every command, with arguments that are out of range, so that none starts long work."""
    found = [b"#bundle\0" + bytes(8) + b"\0\0\0\x10" + encode(Message("/status"))]
    for spec in TABLE:
        values = ["x" if arg.kind == "name" else -1e30 for arg in (*spec.args, *spec.group)]
        found.append(encode(Message(spec.address, tuple(values))))
    return found


def main() -> None:
    """Parse the flags, send, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="datagrams (default: %(default)s)")
    count, known = parser.parse_args().count, samples()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--no-image", "--load", "fluid") as server:
        server.until_loaded("fluid")
        server.ask("/sound/randomize_z", "kept")
        kept = server.ask("/sound/slerp_z", "kept", "kept", "kept", 0)[0].args
        flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        before_mb, log_bytes, slowest_s, begun_s = 0.0, server.log.stat().st_size, 0.0, time.perf_counter()
        for number in range(count):
            random = number % 4 == 3
            data = rng.bytes(int(rng.integers(0, 600))) if random else mutated(known[number % len(known)], number)
            flood.sendto(data[:65_000], ("127.0.0.1", server.port))
            if number % _AT_ONCE == _AT_ONCE - 1:
                asked_s = time.perf_counter()
                server.ask("/status")
                slowest_s = max(slowest_s, time.perf_counter() - asked_s)
            if number == count // 10:
                before_mb = server.memory_mb()
        took_s = time.perf_counter() - begun_s
        same = server.ask("/sound/slerp_z", "kept", "kept", "kept", 0)[0].args == kept
        grown = server.memory_mb() / before_mb - 1
        print(f"{count} malformed datagrams in {took_s:.0f} s; the slowest /status took {1000 * slowest_s:.0f} ms")
        print(f"memory {server.memory_mb():.0f} MB, {100 * grown:+.1f} % since a tenth of them")
        print(f"log {server.log.stat().st_size - log_bytes} bytes; the slot is {'as it was' if same else 'CHANGED'}")


if __name__ == "__main__":
    main()
