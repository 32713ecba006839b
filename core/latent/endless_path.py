"""A path without an end through key points, some of which are given while it is walked."""

from collections import deque
from collections.abc import Callable, Iterable

import numpy as np

from core.latent.interpolation import slerp

# A step that would end so close to the key point ends at it.
_CLOSE = 1e-9
LONGEST_LOOP = 1024


class EndlessPath:
    """Points on arcs from one key point to the next: those that were added, then random ones, or the same again.

    `steps` points lie between two key points, evenly spaced, as in `key_path`.

    Attributes:
        steps: may be changed at any point; it then counts for what is left of the arc.
        loop: whether the added key points, at most LONGEST_LOOP, are repeated where there are no new ones.
        wander: 0..1, how far a random key point is from the one before: 1 is anywhere.
    """

    def __init__(self, draw: Callable[[], np.ndarray], steps: int) -> None:
        """Begin.

        Args:
            draw: returns a random key point, float [size].
            steps: see above.
        """
        self.steps = steps
        self.loop = False
        self.wander = 1.0
        self._draw = draw
        self._added: deque[np.ndarray] = deque()
        self._round: deque[np.ndarray] = deque(maxlen=LONGEST_LOOP)
        self._turn = 0
        # Where the arc starts and ends; None before the first point.
        self._start: np.ndarray | None = None
        self._end: np.ndarray | None = None
        # How far along it the present number of steps began to count, that number, and how many were taken since.
        self._base, self._counted, self._index = 0.0, steps, 0
        # Whether nobody has asked for the arc's end.
        self._free = True

    def __len__(self) -> int:
        """How many key points have been added and are still to come."""
        return len(self._added)

    def add(self, keys: Iterable[np.ndarray]) -> None:
        """Go to these key points, float [size], next; a random one that is ahead is left out."""
        keys = list(keys)
        self._added.extend(keys)
        self._round.extend(keys)
        if self._start is not None and self._free and self._added:
            self._leave(self._here())

    def peek(self) -> np.ndarray:
        """What `next` would return."""
        if self._start is None:
            self._leave(self._next_key())
        return self._here()

    def next(self) -> np.ndarray:
        """The next point, float64 [size]."""
        if self._start is None:
            self._leave(self._next_key())
        if self.steps != self._counted:
            self._base, self._counted, self._index = self._position, self.steps, 0
        here = self._here()
        self._index += 1
        if self._position >= 1.0 - _CLOSE:
            assert self._end is not None
            self._leave(self._end)
        return here

    @property
    def _position(self) -> float:
        """How far along the arc the next point is."""
        return self._base + self._index / (self._counted + 1)

    def _here(self) -> np.ndarray:
        assert self._start is not None and self._end is not None
        return slerp(self._start, self._end, self._position)

    def _leave(self, start: np.ndarray) -> None:
        self._start, self._base, self._index = start, 0.0, 0
        self._end = self._next_key()

    def _next_key(self) -> np.ndarray:
        self._free = not self._added
        if self._added:
            return np.asarray(self._added.popleft(), np.float64)
        if self.loop and self._round:
            self._turn += 1
            return np.asarray(self._round[(self._turn - 1) % len(self._round)], np.float64)
        key = np.asarray(self._draw(), np.float64)
        return key if self._start is None or self.wander >= 1.0 else slerp(self._start, key, self.wander)
