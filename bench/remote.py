"""A server elsewhere: what a musician at home waits for through `hallu bridge`, over lines of several delays.

Both ends run on this machine, with a relay between them that delays each piece. Notes are new ones, which no cache has.
Directly and through the bridge they are played in turn, so that both see the same machine. What the bridge adds is the
difference, less what the line takes by itself: an echo of 100 bytes through the same relay.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.live_player import Player
from bench.play import SHIPPED
from bench.relay import Relay
from renderer.ipc import keys
from server.link.keyring import Keyring
from server.osc.client import Client

# None: without a relay.
ROUND_TRIPS_MS = (None, 0, 10, 50, 200)
NOTES = 60
_PORT = "bridges connect to port "


def main() -> None:
    """Parse the flags and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.remote", description=__doc__)
    parser.add_argument("--notes", type=int, default=NOTES, help="notes for each line (default %(default)s)")
    notes = parser.parse_args().notes
    print("| the line | what | directly p50 / p99, ms | through the bridge p50 / p99, ms | the bridge adds, p50 |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch, _server(Path(scratch)) as (port, remote, key):
        for round_trip_ms in ROUND_TRIPS_MS:
            relay = Relay(remote, (round_trip_ms or 0) / 2000)
            with _bridge(Path(scratch), remote if round_trip_ms is None else relay.port, key) as home:
                line_ms = 0.0 if round_trip_ms is None else _echo_ms(round_trip_ms / 2000)
                name = "no relay" if round_trip_ms is None else f"{round_trip_ms} ms ({line_ms:.1f})"
                _compare(port, home, (name, line_ms), notes)
            relay.close()


def _echo_ms(delay_s: float, count: int = 20) -> float:
    """The median of an echo of 100 bytes through a relay, in ms."""
    with socket.create_server(("127.0.0.1", 0)) as there:
        relay, found = Relay(there.getsockname()[1], delay_s), []
        with socket.create_connection(("127.0.0.1", relay.port)) as here, there.accept()[0] as end:
            for one in (here, end):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(count):
                begun = time.perf_counter()
                here.sendall(bytes(100))
                end.sendall(end.recv(100))
                here.recv(100)
                found.append(1000 * (time.perf_counter() - begun))
        relay.close()
    return float(np.median(found))


def _compare(port: int, home: int, line: tuple[str, float], notes: int) -> None:
    directly, through = (Player(each, 0, SHIPPED.name) for each in (port, home))
    for player in (directly, through):
        # Both at the model's rate: the same work.
        player.ask("/notify", 0, 0)
    times: dict[str, tuple[list[float], list[float]]]
    times = {name: ([], []) for name in ("/status", "note-on to its head", "note-on to its whole WAV")}
    for turn in range(notes):
        pair = [(0, directly), (1, through)]
        for which, player in reversed(pair) if turn % 2 else pair:
            begun = time.perf_counter()
            player.ask("/status")
            times["/status"][which].append(time.perf_counter() - begun)
            player.ask("/sound/randomize_z", f"slot{which}")
            head_s, whole_s = _note(player, f"slot{which}")
            times["note-on to its head"][which].append(head_s)
            times["note-on to its whole WAV"][which].append(whole_s)
    for name, both in times.items():
        shown = [1000 * np.percentile(found, [50, 99]) for found in both]
        added = shown[1][0] - shown[0][0] - line[1]
        words = [f"{p50:.1f} / {p99:.1f}" for p50, p99 in shown]
        print(f"| {line[0]} | {name} | {words[0]} | {words[1]} | {added:+.1f} ms |", flush=True)


def _note(player: Player, slot: str) -> tuple[float, float]:
    """Seconds from note-on to the reply with the head, and to that with the whole WAV."""
    begun, head_s, whole_s = time.perf_counter(), 0.0, 0.0
    for reply in player.replies("/sound/note", "n", slot, player.pitch()):
        if reply.address == "/sound/head":
            head_s = time.perf_counter() - begun
        elif reply.address == "/sound/audio":
            whole_s = time.perf_counter() - begun
    return head_s, whole_s


@contextmanager
def _server(scratch: Path) -> Iterator[tuple[int, int, Path]]:
    """A server: its UDP port, its port for bridges, and a key."""
    key = scratch / "home.key"
    keys.write(key, Keyring(scratch / "keys").add("home"))
    flags = ["--port", "0", "--remote", "0", "--no-image", "--models", str(SHIPPED.parent.parent)]
    flags += ["--spool", str(scratch / "there"), "--state", str(scratch / "state.npz")]
    with _running("serve", flags) as (port, said):
        while not (found := [line for line in said if _PORT in line]):
            time.sleep(0.05)
        yield port, int(found[0].split(_PORT)[1].split(",")[0]), key


@contextmanager
def _bridge(scratch: Path, port: int, key: Path) -> Iterator[int]:
    """A bridge that has found the server: its UDP port."""
    flags = [
        f"127.0.0.1:{port}",
        "--key",
        str(key),
        "--port",
        "0",
        "--page-port",
        "0",
        "--spool",
        str(scratch / "home"),
    ]
    with _running("bridge", flags) as (home, _), Client("127.0.0.1", home) as client:
        while next(client.ask("/status")).args[0] != "found":
            time.sleep(0.1)
        yield home


@contextmanager
def _running(name: str, flags: list[str]) -> Iterator[tuple[int, list[str]]]:
    """A command: its UDP port, and the lines of its log."""
    command = [sys.executable, "-m", "server", name, *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stderr
    said: list[str] = []
    errors = process.stderr
    threading.Thread(target=lambda: said.extend(errors), daemon=True).start()
    try:
        yield int(process.stdout.readline().rpartition(":")[2]), said
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
