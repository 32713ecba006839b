"""A server process for the figures, and what is asked about it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.files.user_folders import shipped
from server.osc.client import Client
from server.osc.packet import Message

# Long, for a machine with much other work.
START_S = 1800.0


class Running:
    """`hallu serve` on free ports of this machine, with all of its files in one folder.

    Attributes:
        port: of OSC.
        process: the server's.
        log: the file with its log.
    """

    def __init__(self, folder: Path, *flags: object) -> None:
        self.folder, self.log = folder, folder / "log.txt"
        command = [sys.executable, "-m", "server", "serve", "--port", "0", "--tied", "--models", shipped("models")]
        command += ["--spool", folder / "spool", "--state", folder / "state.npz", "--pictures", folder / "pictures"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in (*command, *flags)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith("ready "):
            sys.exit(f"the server did not start: {self.log.read_text()[-500:]}")
        self.port = int(line.rpartition(":")[2])

    def ask(self, *words: Any, timeout_s: float = 120.0) -> list[Message]:
        """The replies of a command, up to its /done or /fail."""
        with Client("127.0.0.1", self.port, timeout_s) as client:
            return list(client.ask(*words))

    def until_loaded(self, model: str) -> None:
        """Wait until a model is loaded."""
        wait(lambda: self.ask("/status")[0].args[0] == model, f"{model} is not loaded")

    def memory_mb(self) -> float:
        """Resident memory of the server's process (Linux)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 2**20

    def renderer(self) -> int | None:
        """The process of its renderer (Linux)."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        threads = children.parent.parent.glob("*/children")
        found = [int(word) for path in (children, *threads) if path.exists() for word in path.read_text().split()]
        return found[0] if found else None

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as a user would; a machine with much other work takes its time."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_S)


@contextmanager
def running(folder: Path, *flags: object) -> Iterator[Running]:
    """A server that ends with the block."""
    server = Running(folder, *flags)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def wait(condition: Callable[[], Any], otherwise: str) -> Any:
    """Wait until a condition is true, and return what it gave; end the program if it does not become so."""
    end_s = time.monotonic() + START_S
    while not (found := condition()):
        if time.monotonic() > end_s:
            sys.exit(otherwise)
        time.sleep(0.05)
    return found
