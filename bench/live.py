"""Live pictures: frame times of a model of the size that ships, and what sound and pictures cost each other.

The image model has random weights; the sound is that of the voice that ships. A renderer is held (SIGSTOP) for every
other hallucination, so that both kinds see the same machine.
"""

import argparse
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import results
from renderer.live.process import default_threads

CLASSES = 57
WATCHED_S = 10.0
PAIRS = 6
# Notes, steps, spacing: 2.5 s of work on two cores.
HALLUCINATION = (40, 10, 0.2)
_ROOT = Path(__file__).parent.parent


def write_model(folder: Path, width: int) -> None:
    """An image model of 128 px with random weights, as it would ship."""
    from renderer.biggan import config, npz_format, weights
    from renderer.training.hparams import ImageHparams

    folder.mkdir(parents=True)
    shape = ImageHparams(channel_width=width).config(folder.name, CLASSES)
    rng, arrays = np.random.default_rng(0), {}
    for name, size in weights.expected(shape).items():
        fan = np.prod(size[1:]) if len(size) > 1 else 1
        arrays[name] = np.asarray(rng.standard_normal(size) / np.sqrt(fan), np.float32)
        if name.endswith((".running_vars", ".running_means")):
            arrays[name] = np.full(size, float(name.endswith("vars")), np.float32)
    (folder / "config.json").write_text(json.dumps(config.to_json(shape)))
    npz_format.write(folder / npz_format.NAME, arrays, "float16")


def frame_times(folder: Path, threads: int) -> dict[str, float]:
    """The render loop alone, watched, while nothing plays: time per frame, frames per second, and the floor."""
    from bench.floor import multiplication_rate
    from bench.pictures import cost
    from renderer import biggan
    from renderer.live import process
    from renderer.live.controller import RenderController
    from renderer.live.render_loop import RenderLoop

    process.limit_threads(threads)
    controller = RenderController([folder], folder, biggan.load)
    controller.open()
    render_loop = RenderLoop(controller.scene, controller.frames, recording=lambda: True)
    render_loop.start()
    time.sleep(2.0)
    begun, used = time.monotonic(), time.process_time()
    before, dropped = controller.frames.number, render_loop.frame_clock.dropped
    time.sleep(WATCHED_S)
    took, used = time.monotonic() - begun, time.process_time() - used
    count, late = controller.frames.number - before, render_loop.frame_clock.dropped - dropped
    times = {f"p{percent}_ms": 1000 * render_loop.frame_clock.render_time_s(percent) for percent in (50, 95)}
    render_loop.stop()
    config = biggan.read_config(biggan.find([folder])[0])
    times["floor_ms"] = 2000 * cost(config).multiplications / multiplication_rate()
    return {"fps": count / took, "dropped": late, "cores": used / took, **times}


def row(found: dict[str, float]) -> str:
    """A line of the report."""
    return (
        f"{found['fps']:.1f} fps, {found['dropped']:.0f} dropped, a picture takes"
        f" {found['p50_ms']:.1f} ms (p50), {found['p95_ms']:.1f} ms (p95), {found['cores']:.2f} cores in use;"
        f" the floor is {found['floor_ms']:.1f} ms"
    )


class Watcher:
    """Reads a page's stream, as a browser would, and counts its pictures."""

    def __init__(self, page: str) -> None:
        host, _, port = page.removeprefix("http://").rstrip("/").partition(":")
        self._connection = HTTPConnection(host, int(port), timeout=600.0)
        self._connection.request("GET", "/stream.mjpg")
        self._stream = self._connection.getresponse()
        self.moments: list[float] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while line := self._stream.readline():
            if line.startswith(b"Content-Length:"):
                self._stream.read(int(line.split()[1]) + 4)
                self.moments.append(time.monotonic())

    def fps(self, begun: float, ended: float) -> float:
        """Pictures a second within a time."""
        return sum(begun <= moment < ended for moment in self.moments) / (ended - begun)


def free_pair() -> int:
    """A TCP port that is free, and probably the one after it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server(scratch: Path, port: int) -> Iterator[int]:
    """`hallu serve` with the voice that ships, and its OSC port."""
    command = [
        sys.executable,
        "-m",
        "server",
        "serve",
        "--tied",
        "--port",
        "0",
        "--no-image",
        "--image-port",
        str(port),
    ]
    command += ["--models", str(_ROOT / "models"), "--spool", str(scratch), "--state", str(scratch / "state.npz")]
    process = subprocess.Popen([*command, "--load", "fluid"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield int(process.stdout.readline().rpartition(":")[2])
    finally:
        process.terminate()
        process.wait()


@contextmanager
def renderer(models: Path, scratch: Path, port: int, threads: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A renderer that has a key of the server whose state is in `scratch`, and the address of its page."""
    from server.link.keyring import Keyring
    from server.settings import KEYS

    command = [sys.executable, "-m", "renderer", "--server", f"tcp://127.0.0.1:{port}", "--models", str(models)]
    command += ["--page-port", "0", "--threads", str(threads), "--settings", str(models / "image_settings.json")]
    key = scratch / f"{models.name}.key"
    key.write_text(Keyring(scratch / KEYS).add(models.name).text())
    # In a session of its own, as a server starts it: systems may weigh sessions against each other.
    process = subprocess.Popen([*command, "--key", str(key)], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout
    try:
        yield process, process.stdout.readline().split()[1]
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait()


def together(models: Path, scratch: Path, threads: int) -> list[str]:
    """Hallucinations with and without a renderer beside them, one after the other."""
    from server.osc.client import Client

    port = free_pair()
    with (
        server(scratch, port) as osc,
        renderer(models, scratch, port, threads) as (process, page),
        Client("127.0.0.1", osc, 120.0) as client,
    ):

        def ask(address: str, *args: Any) -> float:
            begun = time.monotonic()
            last = list(client.ask(address, *args))[-1]
            if last.address == "/fail":
                sys.exit(f"the server refuses {address}: {last.args[-1]}")
            return time.monotonic() - begun

        def loaded() -> bool:
            status, *_ = client.ask("/image/status")
            return status.address == "/image/status.reply" and status.args[0] != "-"

        while not loaded():
            time.sleep(0.5)
        watcher = Watcher(page)
        ask("/sound/hallucinate", "warm", *HALLUCINATION)
        alone, beside, rates = [], [], []
        for _ in range(PAIRS):
            process.send_signal(signal.SIGSTOP)
            alone.append(ask("/sound/hallucinate", "a", *HALLUCINATION))
            process.send_signal(signal.SIGCONT)
            time.sleep(1.0)
            begun = time.monotonic()
            beside.append(ask("/sound/hallucinate", "a", *HALLUCINATION))
            rates.append(watcher.fps(begun, time.monotonic()))
    ratio = np.median(beside) / np.median(alone) - 1.0
    return [
        f"a hallucination alone {np.median(alone):5.2f} s, beside pictures {np.median(beside):5.2f} s: {ratio:+.1%}",
        f"pictures meanwhile {np.median(rates):4.1f} fps (the fewest {min(rates):.1f})",
    ]


def main() -> None:
    """Measure and print."""
    flags = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    flags.add_argument("--width", type=int, nargs="+", default=[24, 32], help="channels (default: 24 32)")
    flags.add_argument("--threads", type=int, default=default_threads(), help="to paint with (default %(default)s)")
    flags.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    args = flags.parse_args()
    if args.only:
        return print("RESULT", json.dumps(frame_times(args.only, args.threads)))
    with tempfile.TemporaryDirectory() as scratch:
        for width in args.width:
            models = Path(scratch) / f"models{width}"
            write_model(models / "biggan" / f"random{width}", width)
            # In a process of its own: threads are limited once.
            own = [sys.executable, "-m", "bench.live", "--only", models, "--threads", args.threads]
            print(f"{width} channels, 128 px: {row(results(own))}")
            for line in together(models, Path(scratch), args.threads):
                print(f"  {line}")


if __name__ == "__main__":
    main()
