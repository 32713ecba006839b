"""Where a control of a configuration becomes a curve: a number, a signal, or points in time -> a value per frame."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from core import checks
from core.audio.signals.segments import sawtooth

_FORMS = "a number, the name of a signal, { signal, low, high }, { sawtooth }, or { times_s, values }"


@dataclass(frozen=True)
class Curves:
    """What curves of one song are made from.

    Attributes:
        signal: gives a signal by its name, [frames] or [frames, k]; raises ValueError for an unknown one.
        bounds: [n + 1] frames where segments begin, and the last frame.
        frames: how many.
        fps: frames per second.
    """

    signal: Callable[[str], np.ndarray]
    bounds: np.ndarray
    frames: int
    fps: float

    def at(self, name: str, control: Any) -> np.ndarray:
        """The values of a control, float64 [frames].

        Args:
            name: of the control, for messages.
            control: a number; the name of a signal; a table with `signal`, and with `low` and `high`, what its 0 and 1
                become; with `sawtooth`, a signal whose mean in a segment is the sawtooth's height there; or with
                `times_s` and `values`, points of a curve of straight lines.

        Raises:
            ValueError: it is none of these.
        """
        if isinstance(control, str):
            return self._one(name, control)
        if not isinstance(control, Mapping):
            return np.full(self.frames, float(checks.number(name, control)))
        forms = {
            frozenset({"signal", "low", "high"}): self._scaled,
            frozenset({"sawtooth"}): self._sawtooth,
            frozenset({"times_s", "values"}): self._points,
        }
        for keys, make in forms.items():
            if next(iter(control), "") in keys and set(control) <= keys:
                return make(name, control)
        raise checks.mismatch(name, f"be {_FORMS}", control)

    def columns(self, name: str, control: Any) -> np.ndarray:
        """A signal of several columns, float64 [frames, k].

        Raises:
            ValueError: it is not the name of one.
        """
        values = self._signal(name, control) if isinstance(control, str) else np.zeros(0)
        if values.ndim != 2:
            raise checks.mismatch(name, "be the name of a signal of several columns, such as of chroma", control)
        return np.asarray(values, np.float64)

    def _one(self, name: str, signal: str) -> np.ndarray:
        values = self._signal(name, signal)
        if values.ndim != 1:
            raise checks.mismatch(name, "be a signal of one column", signal)
        return np.asarray(values, np.float64)

    def _signal(self, name: str, signal: str) -> np.ndarray:
        try:
            return self.signal(signal)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _scaled(self, name: str, control: Mapping[str, Any]) -> np.ndarray:
        if "signal" not in control:
            raise checks.mismatch(name, f"be {_FORMS}", control)
        low, high = (float(checks.number(f"{key} of {name}", control.get(key, usual))) for key, usual in _RANGE)
        return low + (high - low) * self._one(name, str(control["signal"]))

    def _sawtooth(self, name: str, control: Mapping[str, Any]) -> np.ndarray:
        level = self.at(name, control["sawtooth"])
        heights = np.array([level[begin : end + 1].mean() for begin, end in pairwise(self.bounds)])
        return sawtooth(self.bounds, heights, self.frames)

    def _points(self, name: str, control: Mapping[str, Any]) -> np.ndarray:
        times, values = (control.get(key, []) for key in ("times_s", "values"))
        if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values) or not times:
            raise ValueError(f"{name} needs as many times_s as values, and at least one")
        numbers = np.array(
            [[checks.number(f"a value of {name}", one) for one in row] for row in (times, values)], float
        )
        if (np.diff(numbers[0]) <= 0).any():
            raise ValueError(f"times_s of {name} must rise")
        return np.interp(np.arange(self.frames) / self.fps, *numbers)


_RANGE = (("low", 0.0), ("high", 1.0))
