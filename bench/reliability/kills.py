"""Kill the server and its renderer at random moments, again and again, while they do everything at once.

    python -m bench.reliability.kills                        # 200 kills
    python -m bench.reliability.kills --count 10

Notes, hallucinations, slots, image settings, recordings and `hallu models add` go on until the kill (SIGKILL). After it
the server is started again in the same folder, and what was acknowledged is compared with what is there.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import soundfile

from bench.reliability.running import START_S, Running, wait
from core import families
from core.files.user_folders import shipped
from core.install import install_model
from server.osc.client import Client

_LONGEST_S = 4.0
_QUIET = (OSError, ValueError)


class Players:
    """Clients that do all they can until the server is gone; they remember what was acknowledged."""

    def __init__(self, server: Running, rng: random.Random) -> None:
        self._server, self._ended = server, threading.Event()
        self.slots: dict[str, tuple[Any, ...]] = {}
        self.jitter: float | None = None
        self.done: Counter[str] = Counter()
        work = (self._slots, self._notes, self._images, self._recordings)
        self._threads = [threading.Thread(target=self._play, args=(one, rng.random()), daemon=True) for one in work]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop them."""
        self._ended.set()
        for thread in self._threads:
            thread.join(10)

    def _play(self, work: Any, seed: float) -> None:
        rng = random.Random(seed)
        with suppress(*_QUIET), Client("127.0.0.1", self._server.port, 8.0) as client:
            while not self._ended.is_set():
                work(client, rng)

    def _ask(self, client: Client, *words: Any) -> tuple[Any, ...] | None:
        """The arguments of the first reply, if the command was acknowledged."""
        replies = list(client.ask(*words))
        if replies[-1].address != "/done":
            return None
        self.done[str(words[0])] += 1
        return replies[0].args

    def _slots(self, client: Client, rng: random.Random) -> None:
        name = f"slot{rng.randrange(20)}"
        self.slots.pop(name, None)
        if found := self._ask(client, "/sound/randomize_z", name):
            self.slots[name] = found[1:]

    def _notes(self, client: Client, rng: random.Random) -> None:
        self._ask(client, "/sound/randomize_z", "note")
        self._ask(client, "/sound/synthesize", "note", "t", rng.choice((48, 60, 72)))
        self._ask(client, "/sound/hallucinate", "h", 3, 3)

    def _images(self, client: Client, rng: random.Random) -> None:
        value, self.jitter = round(rng.random(), 3), None
        if self._ask(client, "/image/jitter", value) is not None:
            self.jitter = value
        time.sleep(0.02)

    def _recordings(self, client: Client, rng: random.Random) -> None:
        self._ask(client, "/image/record", "start", "take")
        time.sleep(rng.uniform(0.2, 3.0))
        self._ask(client, "/image/record", "stop")


def faults(server: Running, players: Players, models: Path) -> list[str]:
    """What is not as it was acknowledged, after a restart."""
    found = []
    for name, values in players.slots.items():
        replies = server.ask("/sound/slerp_z", name, name, name, 0)
        if replies[0].args[1:] != values:
            found.append(f"slot {name}: {replies[0].args[:4]}")
    if players.jitter is not None and abs(float(server.ask("/image/settings")[0].args[1]) - players.jitter) > 1e-6:
        found.append(f"jitter is not {players.jitter}")
    for path in (server.folder / "spool").glob("hallu-*.wav"):
        if soundfile.info(str(path)).frames < 1:
            found.append(f"half a file: {path.name}")
    found += [f"video {path.name}: {reason}" for path, reason in _videos(server.folder / "pictures")]
    for model in families.find([models]):
        with suppress(StopIteration):
            try:
                model.family.check(model.folder)
            except _QUIET as error:
                found.append(f"model {model.name}: {error}")
    return found


def _videos(folder: Path) -> list[tuple[Path, str]]:
    """Videos that cannot be read to their end, and hidden files that stay."""
    import av

    broken = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith("."):
            broken.append((path, "a hidden file is left"))
            continue
        try:
            with av.open(str(path)) as file:
                if not sum(1 for _ in file.decode(video=0)):
                    broken.append((path, "no frame"))
        except (OSError, ValueError) as error:
            broken.append((path, str(error)))
        path.unlink()
    return broken


def adding(models: Path) -> "subprocess.Popen[bytes]":
    """`hallu models add`, of the voice that ships, into a folder of models."""
    command = [sys.executable, "-m", "server", "models", "add", str(shipped("models") / "gansynth" / "fluid")]
    command += ["--to", str(models), "--name", f"copy{time.monotonic_ns()}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ready(folder: Path) -> Running:
    """A server that plays its model, with a renderer that shows pictures."""
    server = Running(folder, "--image-port", "0", "--load", "fluid")
    server.until_loaded("fluid")
    wait(lambda: server.ask("/image/status")[0].address == "/image/status.reply", "no renderer answers")
    wait(lambda: float(server.ask("/image/status")[0].args[2]) > 0, "no picture is shown")
    return server


def main() -> None:
    """Parse the flags, kill, print what was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="kills (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: %(default)s)")
    options = parser.parse_args()
    rng, killed, lost, done = random.Random(options.seed), Counter[str](), [], Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder, models = Path(name), Path(name) / "models"
        server = ready(folder)
        for number in range(options.count):
            players, addition = Players(server, rng), adding(models)
            time.sleep(rng.uniform(0.0, _LONGEST_S))
            renderer, victim = server.renderer(), rng.choice(("server", "renderer", "both"))
            if victim != "server" and renderer:
                os.kill(renderer, signal.SIGKILL)
            if victim != "renderer":
                server.kill()
            addition.kill() if rng.random() < 0.5 else addition.wait(START_S)
            players.end()
            killed[victim] += 1
            if victim == "renderer":
                server.stop()
            server = ready(folder)
            install_model.clean(models)
            found = faults(server, players, models)
            found += [f"left: {path.name}" for path in models.glob(".adding-*")] if models.is_dir() else []
            lost += [f"kill {number} ({victim}): {fault}" for fault in found]
            done += players.done
            print(f"\r{number + 1} kills, {len(lost)} faults", end="", file=sys.stderr, flush=True)
        server.stop()
    print(f"\n{options.count} kills: {dict(killed)}; {sum(done.values())} commands were acknowledged: {dict(done)}")
    print(f"{len(lost)} faults", *lost, sep="\n")


if __name__ == "__main__":
    main()
