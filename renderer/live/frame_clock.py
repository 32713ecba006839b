"""When pictures are due, and how they have come: late ones are left out, so that none lags behind."""

import threading
from collections import deque

import numpy as np

_WINDOW_S = 2.0
_KEPT = 300


class FrameClock:
    """Ticks of a rate, and statistics. `stats` may be read from any thread; times are in seconds."""

    def __init__(self, now_s: float) -> None:
        """The first picture is due now."""
        self._due_s = now_s
        self._lock = threading.Lock()
        self._shown: deque[float] = deque()
        self._took: deque[float] = deque(maxlen=_KEPT)
        self.dropped = 0

    def wait_s(self, now_s: float) -> float:
        """How long it is until the next picture is due; 0 when it is."""
        return max(0.0, self._due_s - now_s)

    def done(self, begun_s: float, now_s: float, period_s: float) -> None:
        """A picture is there, painted from begun_s to now_s; the next is due a period after it was, or is left out."""
        late = max(0, int((now_s - self._due_s) / period_s))
        self._due_s = max(self._due_s + (late or 1) * period_s, now_s - period_s)
        with self._lock:
            self.dropped += max(0, late - 1)
            self._took.append(now_s - begun_s)
            self._shown.append(now_s)
            self._forget(now_s)

    def skip(self, now_s: float, period_s: float) -> None:
        """There was nothing to paint."""
        self._due_s = now_s + period_s

    def fps(self, now_s: float) -> float:
        """Pictures a second of late."""
        with self._lock:
            self._forget(now_s)
            if len(self._shown) < 2:
                return 0.0
            return (len(self._shown) - 1) / max(now_s - self._shown[0], 1e-3)

    def took_s(self, percent: float = 50.0) -> float:
        """So many percent of pictures take no longer; 0 before the first."""
        with self._lock:
            return float(np.percentile(self._took, percent)) if self._took else 0.0

    def _forget(self, now_s: float) -> None:
        while self._shown and self._shown[0] < now_s - _WINDOW_S:
            self._shown.popleft()
