"""When the next frame is due, and how many came late: late frames are skipped, so that no delay builds up."""

import threading
from collections import deque

import numpy as np

_WINDOW_S = 2.0
_KEPT = 300


class FrameClock:
    """Ticks of a frame rate, and statistics. `fps` and `render_time_s` may be read from any thread."""

    def __init__(self, now_s: float) -> None:
        """The first frame is due now."""
        self._due_s = now_s
        self._lock = threading.Lock()
        self._shown: deque[float] = deque()
        self._render_times: deque[float] = deque(maxlen=_KEPT)
        self.dropped = 0

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next frame is due; 0 if it is due already."""
        return max(0.0, self._due_s - now_s)

    def done(self, begun_s: float, now_s: float, period_s: float, usual: bool = True) -> None:
        """Record a frame that was rendered from begun_s to now_s; the next is due a period after this one was.

        Frames whose time has passed meanwhile are counted as dropped. The time of one that is not `usual`, such as a
        black one, does not count as a render time.
        """
        late = max(0, int((now_s - self._due_s) / period_s))
        self._due_s = max(self._due_s + (late or 1) * period_s, now_s - period_s)
        with self._lock:
            self.dropped += max(0, late - 1)
            if usual:
                self._render_times.append(now_s - begun_s)
            self._shown.append(now_s)
            self._forget(now_s)

    def skip(self, now_s: float, period_s: float) -> None:
        """Record that there was nothing to render."""
        self._due_s = now_s + period_s

    def fps(self, now_s: float) -> float:
        """Frames per second, over the last two seconds."""
        with self._lock:
            self._forget(now_s)
            if len(self._shown) < 2:
                return 0.0
            return (len(self._shown) - 1) / max(now_s - self._shown[0], 1e-3)

    def render_time_s(self, percent: float = 50.0) -> float:
        """A percentile of the time that a frame takes to render; 0 before the first."""
        with self._lock:
            return float(np.percentile(self._render_times, percent)) if self._render_times else 0.0

    def forget_render_times(self) -> None:
        """Measure render times from here on: another model renders."""
        with self._lock:
            self._render_times.clear()

    def _forget(self, now_s: float) -> None:
        while self._shown and self._shown[0] < now_s - _WINDOW_S:
            self._shown.popleft()
