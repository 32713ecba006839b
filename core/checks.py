"""Checks of input: each raises `ValueError` with one sentence that names the value and the rule.

The sentence is always "NAME must be RULE, not VALUE", so that it reads the same in a reply, on a terminal and in a log.
"""

import math
from collections.abc import Collection, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

# Longest text of a value in a message.
_MAX_SHOWN = 60
# Integers with more bits are described: Python refuses to print very long ones.
_MAX_BITS = 128
# Larger integers are no float.
_LARGEST_BITS = 1023
_KINDS = {bool: "true or false", str: "text", int: "a whole number", float: "a number"}


def mismatch(name: str, rule: str, value: Any) -> ValueError:
    """The error for a value that breaks a rule.

    >>> str(mismatch("pitch", "be a whole number", 52.5))
    'pitch must be a whole number, not 52.5'
    """
    return ValueError(f"{name} must {rule}, not {shown(value)}")


def number(name: str, value: Any) -> float:
    """A finite number, returned as it is; a truth value does not count as one.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise mismatch(name, "be a number", value)
    if not (isinstance(value, Integral) or math.isfinite(value)):
        raise mismatch(name, "be a finite number", value)
    return value  # type: ignore[return-value]


def in_range(name: str, value: Any, low: float, high: float = math.inf, unit: str = "") -> float:
    """A finite number in low..high, both included, returned as it is; without `high` there is no upper bound.

    Raises:
        ValueError: it is not a number, or out of range.
    """
    if not low <= number(name, value) <= high:
        raise mismatch(name, f"be {range_text(low, high, unit)}", value)
    return value


def above(name: str, value: Any, bound: float, high: float = math.inf, unit: str = "") -> float:
    """A finite number above `bound` and at most `high`, returned as it is.

    Raises:
        ValueError: it is not a number, or out of range.
    """
    if not bound < number(name, value) <= high:
        rule = f"be above {bound:g}" + ("" if math.isinf(high) else f" and at most {high:g}")
        raise mismatch(name, f"{rule} {unit}".rstrip(), value)
    return value


def whole(name: str, value: Any, low: float = -math.inf, high: float = math.inf, unit: str = "") -> int:
    """A whole number in low..high, as an int; 3.0 counts as 3.

    Raises:
        ValueError: it is not a whole number, or out of range.
    """
    if number(name, value) != int(value):
        raise mismatch(name, "be a whole number", value)
    return int(in_range(name, value, low, high, unit))


def one_of(name: str, value: Any, allowed: Collection[Any]) -> Any:
    """One of some values, returned as it is.

    Raises:
        ValueError: it is another one.
    """
    if value not in allowed:
        raise mismatch(name, f"be one of {', '.join(map(str, allowed))}", value)
    return value


def of_kind(name: str, value: Any, kind: type) -> Any:
    """A value from JSON as a bool, str, int or finite float; a whole float counts as an int.

    Raises:
        ValueError: it is of another kind.
    """
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    if numeric and isinstance(value, int) and value.bit_length() > _LARGEST_BITS:
        raise mismatch(name, "have fewer digits", value)
    fits = {
        bool: isinstance(value, bool),
        str: isinstance(value, str),
        int: numeric and value == value // 1,
        float: numeric,
    }
    if not fits[kind]:
        raise mismatch(name, f"be {_KINDS[kind]}", value)
    return kind(number(name, value) if kind is float else value)


def shape(name: str, array: np.ndarray, expected: Sequence[int | str]) -> np.ndarray:
    """An array of a shape in which a letter stands for any size, returned as it is.

    >>> shape("z", np.zeros((2, 3)), ("n", 3)).shape
    (2, 3)

    Raises:
        ValueError: it has another shape.
    """
    fits = len(array.shape) == len(expected) and all(
        isinstance(wanted, str) or wanted == size for size, wanted in zip(array.shape, expected, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} must have shape {shape_text(expected)}, not {shape_text(array.shape)}")
    return array


def finite(name: str, array: np.ndarray) -> np.ndarray:
    """An array of finite numbers, returned as it is.

    Raises:
        ValueError: it holds something else.
    """
    if not (np.issubdtype(array.dtype, np.number) and np.isfinite(array).all()):
        raise ValueError(f"a value of {name} is not finite")
    return array


def range_text(low: float, high: float = math.inf, unit: str = "") -> str:
    """A range in words: `in 0..127`, `at least 1`, `at most 2 s`."""
    if math.isinf(high):
        return f"at least {low:.10g} {unit}".rstrip()
    if math.isinf(low):
        return f"at most {high:.10g} {unit}".rstrip()
    return f"in {low:.10g}..{high:.10g} {unit}".rstrip()


def shape_text(sizes: Sequence[int | str]) -> str:
    """A shape as docstrings have it: `[n, 256]`."""
    return f"[{', '.join(map(str, sizes))}]"


def shown(value: Any) -> str:
    """A value for a message: numbers short, text in quotes and cut."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return f"{value!r:.{_MAX_SHOWN}}"
    if not isinstance(value, Integral):
        return f"{value:g}"
    bits = int(value).bit_length()
    return str(int(value)) if bits <= _MAX_BITS else f"a number of {bits} bits"
