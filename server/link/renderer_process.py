"""The renderer as a process of its own: started, started again when it dies, ended with the server."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
# A renderer that has lived so long was well; the next one may start at once.
_WELL_S = 60.0
_PATIENCE_S = 5.0
# Windows knows no niceness, which the renderer gives itself elsewhere.
_MODEST = "BELOW_NORMAL_PRIORITY_CLASS"


class RendererProcess:
    """Keeps one alive in a thread; the sound does not notice."""

    def __init__(self, host: str, port: int, models: Sequence[Path], pictures: Path) -> None:
        """It will speak to the server's ZeroMQ ports at `host`, find its models, and keep things in `pictures`."""
        # Tied: it ends when its standard input does, so also when this process is killed.
        self._command = [sys.executable, "-m", "renderer", "--tied", "--server", f"tcp://{host}:{port}"]
        self._command += ["--out", str(pictures), "--models", *(str(folder) for folder in models if folder.is_dir())]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="renderer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        self._thread.join(2 * _PATIENCE_S)

    def _keep(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            begun_s = time.monotonic()
            self._live()
            if self._stopping.is_set():
                return
            pause_s = _FIRST_PAUSE_S if time.monotonic() - begun_s > _WELL_S else min(2 * pause_s, _LONGEST_PAUSE_S)
            log.warning("the renderer has ended; it starts anew in %g s, the sound goes on", pause_s)
            self._stopping.wait(pause_s)

    def _live(self) -> None:
        """One renderer, from start to end."""
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                creationflags=getattr(subprocess, _MODEST, 0),
            )
        except OSError as error:
            log.warning("the renderer cannot be started: %s", error)
            return
        while process.poll() is None and not self._stopping.wait(0.1):
            pass
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
