"""Rows of any number through a function that takes so many at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np


def in_batches(function: Callable[..., Any], at_once: int, *rows: np.ndarray) -> np.ndarray:
    """A function's results for all rows, `at_once` at a time; the last batch is filled up with its last row."""
    found = []
    for start in range(0, len(rows[0]), at_once):
        part = [value[start : start + at_once] for value in rows]
        count = len(part[0])
        filled = [np.concatenate([value, np.repeat(value[-1:], at_once - count, axis=0)]) for value in part]
        found.append(function(*filled)[:count])
    return np.concatenate(found)
