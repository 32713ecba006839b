"""The renderer's process: started with the server, restarted when it exits, ended with the server."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderer.ipc.keys import LinkKeys

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
# A renderer that ran this long was healthy; the next one may start soon.
_HEALTHY_S = 60.0
_PATIENCE_S = 5.0
# Windows has no niceness, which the renderer sets itself elsewhere. In a group of its own it does not get Ctrl-C there,
# as in a session of its own elsewhere: the server ends it, and does not take its end for a failure.
_WINDOWS_FLAGS = ("BELOW_NORMAL_PRIORITY_CLASS", "CREATE_NEW_PROCESS_GROUP")


@dataclass(frozen=True)
class RendererFiles:
    """Where a renderer finds its models, writes images, keeps its settings, and shows its page and its pictures.

    Attributes:
        models: the models folders.
        images: for snapshots and recordings.
        settings: the file of what is set for the images.
        page_host: the address of the page.
        outputs: where pictures are shown besides the page.
        output_size: in which size.
        only_page: serve the page without rendering anything.
        announce: announce the server on the local network.
    """

    models: Sequence[Path]
    images: Path
    settings: Path
    page_host: str = "127.0.0.1"
    outputs: Sequence[str] = ()
    output_size: str = ""
    only_page: bool = False
    announce: bool = False


class RendererProcess:
    """Keeps one renderer running, from a thread; audio is unaffected."""

    def __init__(self, host: str, port: int, files: RendererFiles, keys: Callable[[], LinkKeys] | None = None) -> None:
        """Connect it to the server's ZeroMQ ports at `host`; `keys` makes those for each start."""
        self._keys = keys
        host = f"[{host}]" if ":" in host else host
        # Tied: it ends when its standard input does, so also when this process is killed.
        self._command = [sys.executable, "-m", "renderer", "--tied", "--server", f"tcp://{host}:{port}"]
        self._command += ["--out", str(files.images), "--settings", str(files.settings)]
        self._command += ["--page-host", files.page_host, *(("--key", "-") if keys else ())]
        self._command += ["--picture-out", *files.outputs] if files.outputs else []
        self._command += ["--picture-size", files.output_size] if files.output_size else []
        self._command += ["--no-images"] if files.only_page else []
        self._command += ["--announce"] if files.announce else []
        self._command += ["--models", *(str(folder) for folder in files.models if folder.is_dir())]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name="renderer", daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        self._thread.join(2 * _PATIENCE_S)

    def _keep_running(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            started_s = time.monotonic()
            self._run_once()
            if self._stopping.is_set():
                return
            healthy = time.monotonic() - started_s > _HEALTHY_S
            pause_s = _FIRST_PAUSE_S if healthy else min(2 * pause_s, _LONGEST_PAUSE_S)
            log.warning("renderer exited; restarting in %g s; audio unaffected", pause_s)
            self._stopping.wait(pause_s)

    def _run_once(self) -> None:
        """Run one renderer, from start to end."""
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                creationflags=sum(getattr(subprocess, name, 0) for name in _WINDOWS_FLAGS),
                start_new_session=True,
            )
        except OSError as error:
            log.warning("the renderer cannot be started: %s", error)
            return
        self._hand_over(process)
        while process.poll() is None and not self._stopping.wait(0.1):
            pass
        _end(process)

    def _hand_over(self, process: "subprocess.Popen[Any]") -> None:
        """Give a renderer its keys where no other process can read them: in its standard input."""
        if self._keys and process.stdin:
            with suppress(OSError):
                # It may have ended already.
                process.stdin.write(f"{self._keys().text()}\n".encode())
                process.stdin.flush()


def _end(process: "subprocess.Popen[Any]") -> None:
    """End a renderer: first by its standard input, since to terminate a process on Windows is to kill it."""
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
    if _ended(process):
        return
    process.terminate()
    if not _ended(process):
        process.kill()
        process.wait()


def _ended(process: "subprocess.Popen[Any]") -> bool:
    """Whether a process ends within some seconds."""
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return False
    return True
