"""One argument of a command: its type, unit, range and default, and the check of a value against them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import checks
from core.commands.limits import MAX_NAME

Value = int | float | str

# JSON has integers of any length; none of ours is longer than this.
_LONGEST_BITS = 128


@dataclass(frozen=True)
class Arg:
    """One argument in the command table.

    Attributes:
        name: its key in `Command.values`.
        kind: "name", "int" or "float".
        help: what it means.
        low: smallest value allowed.
        high: largest value allowed.
        unit: such as "s" or "Hz"; empty where there is none.
        default: the value of an argument that is left out; None where no single value describes it.
        otherwise: what happens without the argument, in words.
        choices: the names allowed; empty: any.

    An argument with neither `default` nor `otherwise` is required.
    """

    name: str
    kind: str
    help: str
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    default: Value | None = None
    otherwise: str = ""
    choices: tuple[str, ...] = ()

    @property
    def optional(self) -> bool:
        """Whether it may be left out."""
        return self.default is not None or bool(self.otherwise)

    @property
    def default_text(self) -> str:
        """What happens without the argument, in words; empty if it is required."""
        value = "" if self.default is None else value_text(self.default)
        return ": ".join(part for part in (value, self.otherwise) if part)

    @property
    def range_text(self) -> str:
        """What is allowed: `low..high unit`, or the choices; empty where there is no limit."""
        if self.choices:
            return " or ".join((", ".join(self.choices[:-1]), self.choices[-1]))
        if math.isinf(self.high):
            return ""
        return f"{self.low:g}..{self.high:.10g} {self.unit}".rstrip()

    def read(self, value: Any) -> Value:
        """Check a value.

        Args:
            value: as OSC or JSON deliver it; an int may come as a float and a name as a number.

        Returns:
            The value as the argument's type.

        Raises:
            ValueError: one sentence with the value and the rule.
        """
        return self._name(value) if self.kind == "name" else self._number(value)

    def _name(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise checks.mismatch(self.name, "be a name", value)
        text = value if isinstance(value, str) else number_name(value)
        if not text or len(text) > MAX_NAME:
            raise ValueError(f"{self.name} must have 1 to {MAX_NAME} characters, not {len(text)}")
        if self.choices and text not in self.choices:
            raise checks.mismatch(self.name, f"be {self.range_text}", text)
        return text

    def _number(self, value: Any) -> Value:
        if isinstance(value, int) and value.bit_length() > _LONGEST_BITS:
            raise ValueError(f"{self.name} must be in {self.range_text}, not a number of {value.bit_length()} bits")
        value = self._in_range(checks.number(self.name, value))
        if self.kind == "int":
            return checks.whole(self.name, value)
        # A client sends 0.4 as a 32-bit float, 0.4000000059: in a long hallucination the difference adds up.
        return float(number_name(value)) if self.unit == "s" else float(value)

    def _in_range(self, value: float) -> float:
        if self.low <= value <= self.high:
            return value
        # The nearest 32-bit float to a limit may lie beyond it.
        shortest = float(number_name(value))
        if self.low <= shortest <= self.high:
            return shortest
        hint = " (that looks like milliseconds)" if self.unit == "s" and value >= 100 else ""
        raise ValueError(f"{self.name} must be in {self.range_text}, not {value:g}{hint}")


def number_name(value: float) -> str:
    """A number in place of a name, as its shortest decimal: 1.0 -> "1", 0.5 -> "0.5".

    Raises:
        ValueError: it is not finite.
    """
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise ValueError(f"a name cannot be the number {value}")
    single = np.float32(value) if abs(value) < 3e38 else np.float64(value)
    # A double that is not a 32-bit float keeps all of its digits.
    exact = single if float(single) == value else np.float64(value)
    return np.format_float_positional(exact, trim="-")


def value_text(value: Value) -> str:
    """A value in words: a name as it is, a number as its shortest decimal."""
    return value if isinstance(value, str) else number_name(value)
