"""A control signal: values over time, with their rate."""

from dataclasses import dataclass

import numpy as np

from core import checks


@dataclass(frozen=True)
class Signal:
    """Values over time; value i belongs to the time i / rate.

    Attributes:
        values: float [n] or [n, k], finite.
        rate: values a second.

    Raises:
        ValueError: there are no values, one is not finite, or the rate is not above 0.
    """

    values: np.ndarray
    rate: float

    def __post_init__(self) -> None:
        checks.in_range("the number of values of a signal", len(self.values), 1)
        checks.finite("a signal", self.values)
        checks.above("the rate of a signal", self.rate, 0, unit="values a second")

    def __len__(self) -> int:
        return len(self.values)

    def count(self, seconds: float) -> float:
        """A length of time in values of this signal, to four digits: 1.041667 s are 25 at 24 a second."""
        return round(seconds * self.rate, 4)

    def having(self, values: np.ndarray) -> "Signal":
        """Other values at the same rate."""
        return Signal(values, self.rate)
