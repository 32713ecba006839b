"""Keep whatever comes over a wire from filling the log: of many lines of one kind only the first are written."""

import logging
import threading
import time
from dataclasses import dataclass

LINES, WINDOW_S = 5, 10.0
# Kinds of lines that are remembered; there are fewer in this program.
_MOST_KINDS = 1024


@dataclass
class _Window:
    begun_s: float
    lines: int = 0


class LogLimit(logging.Filter):
    """Passes LINES lines of a kind (logger and text without its values) in WINDOW_S seconds; --debug shows all."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line; the first one after some that were left out says how many those were."""
        if logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
            return True
        kind, now_s = (record.name, str(record.msg)), time.monotonic()
        with self._lock:
            window = self._windows.get(kind)
            left_out = max(0, window.lines - LINES) if window else 0
            if window is None or now_s - window.begun_s > WINDOW_S:
                if len(self._windows) >= _MOST_KINDS:
                    self._windows.clear()
                window = self._windows[kind] = _Window(now_s)
            else:
                left_out = 0
            window.lines += 1
        if left_out:
            record.msg = f"{record.msg} ({left_out} more lines like this were left out)"
        return window.lines <= LINES


def limit_root() -> None:
    """Limit what the handlers of the root logger write, from now on."""
    limit = LogLimit()
    for handler in logging.getLogger().handlers:
        handler.addFilter(limit)
