"""One value of a file, checked: an array of its weights, or a part or a number of its settings."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core import checks


def array(arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The array of a name, float32.

    Raises:
        ValueError: it is missing, has another shape, or contains a value that is not finite.
    """
    found = arrays.get(name)
    if found is None:
        raise ValueError(f"{name} is missing")
    if found.dtype.kind not in "fiu":
        raise checks.mismatch(name, "be an array of numbers", found.dtype)
    # The shape first: converting costs as much memory as the array.
    return checks.finite(name, np.asarray(checks.shape(name, found, shape), np.float32))


def part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The settings within settings.

    Raises:
        ValueError: they are no mapping.
    """
    found = values.get(key)
    if not isinstance(found, Mapping):
        raise checks.mismatch(key, "be a mapping of settings", found)
    return found


def optional_part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The settings within settings; none where there are none.

    Raises:
        ValueError: they are no mapping.
    """
    return {} if values.get(key) is None else part(values, key)


def whole(values: Mapping[str, Any], key: str) -> int:
    """A whole number of settings.

    Raises:
        ValueError: it is something else.
    """
    return int(checks.of_kind(key, values.get(key), int))
