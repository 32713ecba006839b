"""The frames of the last half minute as thumbnails, for whoever makes a sound for what was shown."""

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from PIL import Image

from renderer.web.frames import Frames

LONGEST_S, EDGE = 30.0, 64
# Frames that follow each other faster are left out.
_CLOSEST_S = 1 / 32


class FrameMemory:
    """Keeps nothing, and costs nothing, until `watch`; from then on 0.2 ms for each frame. Any thread may call it."""

    def __init__(self, frames: Frames, clock: Callable[[], float] = time.monotonic) -> None:
        self._frames, self._clock = frames, clock
        self._lock = threading.Lock()
        self._watching = False
        self._kept: deque[tuple[float, np.ndarray]] = deque()

    def watch(self) -> None:
        """Keep the frames from now on; the one that is shown is the first."""
        with self._lock:
            if self._watching:
                return
            self._watching = True
        self._frames.listen(self._take)
        self._take()

    def recent(self, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """The frames that were shown in the last seconds, the one that was shown at their beginning included.

        Returns:
            Frames uint8 [n, EDGE, EDGE, 3], oldest first, and how long ago each came, in seconds, float32 [n].
        """
        now_s = self._clock()
        with self._lock:
            kept = list(self._kept)
        first = max((place for place, (shown_s, _) in enumerate(kept) if now_s - shown_s >= seconds), default=0)
        kept = kept[first:]
        frames = np.stack([frame for _, frame in kept]) if kept else np.zeros((0, EDGE, EDGE, 3), np.uint8)
        return frames, np.array([now_s - shown_s for shown_s, _ in kept], np.float32)

    def _take(self) -> None:
        """Keep the newest frame; called in the thread that renders."""
        now_s = self._clock()
        _, frame = self._frames.wait(0, 0.0)
        if frame is None or (self._kept and now_s - self._kept[-1][0] < _CLOSEST_S):
            return
        small = np.asarray(Image.fromarray(frame).resize((EDGE, EDGE), Image.Resampling.BOX))
        with self._lock:
            self._kept.append((now_s, small))
            while now_s - self._kept[0][0] > LONGEST_S:
                self._kept.popleft()
