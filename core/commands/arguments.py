"""What one argument of a command may be: kinds, ranges, and the sentence that says why not."""

import math
from dataclasses import dataclass

import numpy as np

from server.osc.packet import Value

MAX_NAME = 255


@dataclass(frozen=True)
class Arg:
    """One argument in the command table.

    `kind` is name, int or float. `default` tells in words what happens without the argument; empty means that it is
    needed. Bounds are inclusive.
    """

    name: str
    kind: str
    help: str
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    default: str = ""

    @property
    def range_text(self) -> str:
        """The bounds as `low..high unit`, or nothing where there are none."""
        if math.isinf(self.high):
            return ""
        return f"{self.low:g}..{self.high:.10g} {self.unit}".rstrip()

    def read(self, value: Value) -> Value:
        """The checked value.

        Raises:
            ValueError: one sentence with the value and the rule.
        """
        if self.kind == "name":
            return self._name(value)
        if isinstance(value, str):
            raise ValueError(f"{self.name} must be a number, not {value[:40]!r}")
        if not math.isfinite(value):
            raise ValueError(f"{self.name} must be a finite number, not {value}")
        if not self.low <= value <= self.high:
            raise ValueError(self._out_of_range(value))
        if self.kind == "int":
            return self._whole(value)
        # A client says 0.4 and a 32-bit float arrives, 0.4000000059: within a long hallucination that adds up.
        return float(number_name(value)) if self.unit == "s" else float(value)

    def _name(self, value: Value) -> str:
        text = value if isinstance(value, str) else number_name(value)
        if not text or len(text) > MAX_NAME:
            raise ValueError(f"{self.name} must have 1 to {MAX_NAME} characters, not {len(text)}")
        return text

    def _whole(self, value: float) -> int:
        if value != int(value):
            raise ValueError(f"{self.name} must be a whole number, not {value:g}")
        return int(value)

    def _out_of_range(self, value: float) -> str:
        hint = " (that looks like milliseconds)" if self.unit == "s" and value >= 100 else ""
        return f"{self.name} must be in {self.range_text}, not {value:g}{hint}"


def number_name(value: float) -> str:
    """A number that stands where a name is expected, as its shortest decimal: 1.0 -> "1", 0.5 -> "0.5".

    Raises:
        ValueError: it is not finite.
    """
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise ValueError(f"a name cannot be the number {value}")
    single = np.float32(value) if abs(value) < 3e38 else np.float64(value)
    # A double that is no single keeps all of its digits.
    exact = single if float(single) == value else np.float64(value)
    return np.format_float_positional(exact, trim="-")
