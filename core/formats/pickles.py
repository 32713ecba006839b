"""The course's pickles: read without executing anything, written so that its programs can read them.

A pickle is a program. The reader runs none of it but what builds arrays, numbers and strings.
"""

import io
import pickle
import pickletools
import re
from typing import Any, BinaryIO

import numpy as np

from core.formats import pickle_bounds

# Protocol 3 writes module names as plain lines, and bytes as they are.
_PROTOCOL = 3
# Stands for the class, which a pickle could call.
_NDARRAY = "numpy.ndarray"


def loads(data: bytes) -> Any:
    """Arrays, numbers, strings and plain containers of them.

    Raises:
        ValueError: the pickle asks for anything else, or for memory and time out of proportion to its size.
        Exception: any, if the pickle is broken.
    """
    file = io.BytesIO(data)
    pickle_bounds.check(file)
    value = _PlainUnpickler(file).load()
    if isinstance(value, dict):
        return {key: np.asarray(each) if isinstance(each, _Array) else each for key, each in value.items()}
    return value


def dumps(value: Any) -> bytes:
    """A pickle that numpy 1 can read too: it knows no package numpy._core, which numpy 2 names."""
    data = pickle.dumps(value, protocol=_PROTOCOL)
    parts, copied = [], 0
    for opcode, arg, position in pickletools.genops(data):
        if opcode.name == "GLOBAL" and str(arg).startswith("numpy._core."):
            parts.append(data[copied:position] + b"cnumpy.core.")
            copied = (position or 0) + len(b"cnumpy._core.")
    return b"".join([*parts, data[copied:]])


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._known = harmless()

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._known[module, name]
        except KeyError:
            raise ValueError(f"it asks for {module}.{name}, which an array does not need") from None


class _Dtype:
    """A type of numbers or text; numpy's own can be set to a state that ends the process."""

    def __init__(self, name: str, *_: Any) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"[biufcSU]\d{1,6}", name):
            raise ValueError(f"it asks for an array of {name!r:.80}, which an array does not need")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        _, order, *parts = state
        if order not in ("<", ">", "|", "=") or parts[:3] != [None] * 3:
            raise ValueError("it asks for an array of parts that have names")
        self.dtype = self.dtype.newbyteorder(order)


class _Array(np.ndarray):
    """An array that takes its shape and its numbers afterwards."""

    def __setstate__(self, state: Any) -> None:
        version, shape, kind, fortran, data = state
        if not isinstance(kind, _Dtype) or not isinstance(data, bytes):
            raise ValueError("an array is not of numbers or text")
        super().__setstate__((version, shape, kind.dtype, fortran, data))


def harmless() -> dict[tuple[str, str], Any]:
    """What numpy's arrays and scalars need, under its old and new module names; created for each pickle.

    A pickle could change a function's defaults, and numpy's own functions reserve as much memory as they are asked for.
    """

    def latin1(text: str, encoding: str) -> bytes:
        """How pickles of protocol 2 and below write bytes."""
        if encoding != "latin1":
            raise ValueError(f"it asks for the encoding {encoding}, which an array does not need")
        return text.encode("latin1")

    def reconstruct(kind: Any, shape: Any, _: Any) -> np.ndarray:
        if kind != _NDARRAY or shape != (0,):
            raise ValueError("it asks for an array without its numbers")
        return _Array((0,), "b")

    def scalar(kind: _Dtype, data: bytes) -> Any:
        (value,) = np.frombuffer(data, kind.dtype)
        return value

    def frombuffer(data: Any, kind: _Dtype, shape: Any, order: str) -> np.ndarray:
        return np.frombuffer(data, kind.dtype).reshape(shape, order="F" if order == "F" else "C")

    def dtype(*args: Any) -> _Dtype:
        return _Dtype(*args)

    found: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): _NDARRAY,
        ("numpy", "dtype"): dtype,
        ("_codecs", "encode"): latin1,
        # Protocols below 3 write empty bytes as a call.
        ("__builtin__", "bytes"): lambda: b"",
    }
    for package in ("numpy.core", "numpy._core"):
        found[f"{package}.multiarray", "_reconstruct"] = reconstruct
        found[f"{package}.multiarray", "scalar"] = scalar
        found[f"{package}.numeric", "_frombuffer"] = frombuffer
    return found
