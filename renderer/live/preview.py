"""Whether frames are rendered in half their size, because whole ones would come too slowly."""

from collections import deque

import numpy as np

# Whole frames that come as often as this are worth waiting for.
SHARP_FPS = 10.0
# Whole frames come back when they would take less than this part of the time that there is.
_ROOM = 0.75
_KEPT, _ENOUGH = 9, 5


class PreviewChoice:
    """Watches render times. `active` may be read from any thread."""

    def __init__(self) -> None:
        self.active = False
        self._times: deque[float] = deque(maxlen=_KEPT)
        # How many times as long as a preview a whole frame takes.
        self._ratio = 1.0
        self._whole_s = 0.0

    def record(self, took_s: float, period_s: float, able: bool) -> None:
        """Record a frame.

        Args:
            took_s: the time that it took.
            period_s: the time from one frame to the next.
            able: whether its model has previews.
        """
        if not able:
            self.active = False
            return self._times.clear()
        self._times.append(took_s)
        if len(self._times) < _ENOUGH:
            return None
        usual_s, limit_s = float(np.median(self._times)), max(period_s, 1.0 / SHARP_FPS)
        if not self.active and usual_s > limit_s:
            self._whole_s = usual_s
            self._switch(True)
        elif self.active:
            self._ratio = max(1.0, self._whole_s / usual_s) if self._whole_s else self._ratio
            self._whole_s = 0.0
            if usual_s * self._ratio < _ROOM * limit_s:
                self._switch(False)
        return None

    def _switch(self, active: bool) -> None:
        self.active = active
        self._times.clear()
