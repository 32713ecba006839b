"""A class at one server: simulated patches on loopback, each in a room of its own.

Each patch asks for /status once a second, as the patches do, plays a new note every two seconds, between two of its
slots, and now and then asks for a new slot and for a short hallucination. How long each takes is printed as p50, p99
and the longest; what got no end; and the memory of the server and of its engines, after a first part that does not
count, and at the end.

python -m bench.rooms                                   # 30 patches for a minute
python -m bench.rooms --engines 2 --seconds 300
"""

import argparse
import os
import random
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.commands.arguments import Value
from server.osc.packet import MAX_DATAGRAM, Message, decode, encode

HOST = "127.0.0.1"
# Seconds between two messages of a patch, on average; patches keep no time together.
EVERY_S = {"/status": 1.0, "/sound/note": 2.0, "/sound/randomize_z": 10.0, "/sound/hallucinate": 30.0}
ENDS = ("/done", "/fail")
HEAD, WHOLE = "/sound/note to its head", "/sound/note to its whole"
PITCHES = tuple(range(48, 73))
_PATIENCE_S = 60.0


class Times:
    """What all patches have measured: seconds by what was waited for, and the reasons of failures."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()
        self.sent = self.ended = self.missing = 0

    def clear(self) -> None:
        """Forget what was measured, but not how much is open."""
        open_now = self.sent - self.ended
        self.seconds.clear()
        self.failed.clear()
        self.sent, self.ended, self.missing = open_now, 0, 0


class Patch:
    """One simulated patch: a socket, a room, and its open requests."""

    def __init__(self, number: int, port: int, times: Times) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.connect((HOST, port))
        self.socket.setblocking(False)
        self._times, self._rng, self._number = times, random.Random(number), 0
        # When requests were sent, the oldest first: by address, and by target for those that have one.
        self._open: dict[tuple[Value, ...], deque[float]] = defaultdict(deque)
        begun_s = time.monotonic() + 1.0
        self._due_s = {address: begun_s + self._rng.random() * every_s for address, every_s in EVERY_S.items()}
        self.send("/room", f"patch {number}")
        self.send("/notify", 0, 48_000, 1)
        self.send("/sound/randomize_z", "a", "b", "c")

    @property
    def open(self) -> int:
        """How many requests have no end yet."""
        return sum(map(len, self._open.values()))

    @property
    def next_s(self) -> float:
        """When it sends next."""
        return min(self._due_s.values())

    def send(self, address: str, *args: Value, target: tuple[Value, ...] = ()) -> None:
        """Send a message; an end is expected."""
        self._open[(address, *target)].append(time.monotonic())
        self._times.sent += 1
        self.socket.send(encode(Message(address, args)))

    def turn(self, now_s: float) -> None:
        """Send what is due."""
        for address, due_s in self._due_s.items():
            if due_s <= now_s:
                self._due_s[address] = now_s + EVERY_S[address] * self._rng.uniform(0.5, 1.5)
                self._play(address)

    def _play(self, address: str) -> None:
        self._number += 1
        target = f"n{self._number}"
        if address == "/status":
            self.send(address)
        elif address == "/sound/randomize_z":
            self.send(address, self._rng.choice("abc"))
        elif address == "/sound/note":
            # A new vector each time, so that no note comes from memory.
            self.send("/sound/slerp_z", *self._rng.sample("abc", 2), "n", self._rng.random())
            self.send(address, target, "n", self._rng.choice(PITCHES), target=(target,))
        else:
            self.send(address, target, 4, 4, target=(target,))

    def receive(self) -> None:
        """Take all replies that are there."""
        while True:
            try:
                datagram = self.socket.recv(MAX_DATAGRAM + 1)
            except BlockingIOError:
                return
            for message in decode(datagram):
                if isinstance(message, Message):
                    self._take(message)

    def _take(self, message: Message) -> None:
        now_s, args = time.monotonic(), message.args
        if message.address in ("/sound/head", "/sound/audio") and ("/sound/note", args[0]) in self._open:
            what = HEAD if message.address == "/sound/head" else WHOLE
            self._times.seconds[what].append(now_s - self._open["/sound/note", args[0]][0])
        if message.address == "/sound/audio":
            self._times.missing += not Path(str(args[1])).is_file()
        if message.address in ENDS:
            key = (args[0], *(args[1:2] if (*args[:2],) in self._open else ()))
            waited_s = now_s - self._open[key].popleft()
            if not self._open[key]:
                del self._open[key]
            self._times.ended += 1
            self._times.seconds[str(args[0])].append(waited_s)
            if message.address == "/fail":
                self._times.failed[f"{args[0]}: {args[2]}"] += 1


@contextmanager
def server(scratch: Path, flags: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A server with rooms: its port and its process's number."""
    command = [sys.executable, "-m", "server", "serve", "--tied", "--port", "0", "--no-page"]
    command += ["--rooms", "--most-rooms", "1024", *flags]
    command += ["--spool", str(scratch / "spool"), "--state", str(scratch / "state.npz")]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    try:
        yield int(process.stdout.readline().rpartition(":")[2]), process.pid
    finally:
        process.terminate()
        process.wait()


def memory_mb(pid: int) -> float:
    """Resident memory of a process and of those that it has started (Linux), MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
    return own + sum(map(memory_mb, started_by(pid)))


def processor_s(pid: int) -> float:
    """Processor time of a process and of those that it has started (Linux), s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(processor_s, started_by(pid)))


def started_by(pid: int) -> list[int]:
    """The processes that a process has started (Linux)."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for path in found for word in path.read_text().split()]


def play(patches: Sequence[Patch], seconds: float, drain: bool = False) -> None:
    """Let all patches play for so long; `drain`: only wait for ends, at most so long."""
    end_s = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for patch in patches:
            selector.register(patch.socket, selectors.EVENT_READ, patch)
        while (now_s := time.monotonic()) < end_s and not (drain and not any(patch.open for patch in patches)):
            due_s = end_s if drain else min(patch.next_s for patch in patches)
            for key, _ in selector.select(max(0.0, min(due_s, end_s, now_s + 0.1) - now_s)):
                key.data.receive()
            for patch in () if drain else patches:
                patch.turn(time.monotonic())


def measured(port: int, pid: int, count: int, warm_s: float, seconds: float) -> Iterator[str]:
    """The lines of the report."""
    times = Times()
    patches = [Patch(number, port, times) for number in range(count)]
    play(patches, _PATIENCE_S, drain=True)
    play(patches, warm_s)
    times.clear()
    before_mb, before_s = memory_mb(pid), processor_s(pid)
    play(patches, seconds)
    after_mb, used_s = memory_mb(pid), processor_s(pid) - before_s
    play(patches, _PATIENCE_S, drain=True)
    yield f"{'ms':32} {'p50':>8} {'p99':>8} {'longest':>8} {'count':>7}"
    for what, waited_s in sorted(times.seconds.items()):
        p50, p99, longest = 1000.0 * np.percentile(waited_s, [50, 99, 100])
        yield f"{what:32} {p50:8.1f} {p99:8.1f} {longest:8.1f} {len(waited_s):7d}"
    yield f"{times.sent} requests, {times.sent / seconds:.0f} a second: {times.sent - times.ended} without an end, "
    yield f"{sum(times.failed.values())} failed, {times.missing} files missing {dict(times.failed) or ''}"
    yield f"memory {before_mb:.0f} -> {after_mb:.0f} MB in {seconds:g} s; processor time {used_s:.1f} s"


def main() -> None:
    """Measure and print."""
    flags = argparse.ArgumentParser(
        prog="python -m bench.rooms", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flags.add_argument("--patches", type=int, default=30, help="(default %(default)s)")
    flags.add_argument("--seconds", type=float, default=60.0, help="(default %(default)s)")
    flags.add_argument("--warm", type=float, default=20.0, help="seconds that do not count (default %(default)s)")
    flags.add_argument("--engines", default="1", help="processes that compute (default %(default)s)")
    flags.add_argument("--load", default="fluid", help="the model (default %(default)s)")
    args = flags.parse_args()
    given = ["--engines", args.engines, "--load", args.load]
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), given) as (port, pid):
        print(f"{args.patches} patches, {args.engines} engine(s), {args.load}")
        for line in measured(port, pid, args.patches, args.warm, args.seconds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
