"""Arrays in a safetensors file: a table of names, types and shapes as JSON, then the numbers. Nothing is executed.

Source: https://huggingface.co/docs/safetensors; its own library checks that the table fits the file.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.files import atomic
from core.files.regular import open_regular

SUFFIX = ".safetensors"
_HIGHEST_HALF = float(np.finfo(np.float16).max)


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file by name.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is not a regular file, is damaged, or has arrays of a type that NumPy does not have.
    """
    # Only those who load such a model need it.
    import safetensors.numpy

    with open_regular(path) as file:
        data = file.read(os.fstat(file.fileno()).st_size)
    try:
        return safetensors.numpy.load(data)
    except Exception as error:  # its own class of errors, or KeyError for a type
        raise ValueError(f"{path} cannot be read as safetensors: {error}") from None


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name, sorted, so that the same arrays give the same bytes; a file of this name is replaced."""
    import safetensors.numpy

    ready = {name: np.asarray(array, order="C") for name, array in sorted(arrays.items())}
    atomic.write_bytes(path, safetensors.numpy.save(ready))


def halved(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays with floating-point numbers in half precision, 11 bits of mantissa.

    Raises:
        ValueError: a number is not finite, or too large for half precision (65504).
    """
    for name, value in arrays.items():
        if value.dtype.kind == "f" and not np.abs(value).max(initial=0.0) <= _HIGHEST_HALF:
            raise ValueError(f"{name} has numbers above {_HIGHEST_HALF:g}, or not finite ones: it cannot be halved")
    return {name: value.astype(np.float16) if value.dtype.kind == "f" else value for name, value in arrays.items()}


def widened(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays with half precision as float32."""
    return {name: value.astype(np.float32) if value.dtype == np.float16 else value for name, value in arrays.items()}
