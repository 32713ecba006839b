"""The course's pickles: read without executing anything, written so that its programs can read them.

A pickle is a program. The reader runs none of it but what builds arrays, numbers and strings.
"""

import io
import pickle
import pickletools
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
        Exception: whatever a broken pickle brings about.
    """
    file = io.BytesIO(data)
    pickle_bounds.check(file)
    return _Unpickler(file).load()


def dumps(value: Any) -> bytes:
    """A pickle that numpy 1 can read too: it knows no package numpy._core, which numpy 2 names."""
    data = pickle.dumps(value, protocol=_PROTOCOL)
    parts, copied = [], 0
    for opcode, arg, position in pickletools.genops(data):
        if opcode.name == "GLOBAL" and str(arg).startswith("numpy._core."):
            parts.append(data[copied:position] + b"cnumpy.core.")
            copied = (position or 0) + len(b"cnumpy._core.")
    return b"".join([*parts, data[copied:]])


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._known = _harmless()

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._known[module, name]
        except KeyError:
            raise ValueError(f"it asks for {module}.{name}, which a components file does not need") from None


def _harmless() -> dict[tuple[str, str], Any]:
    """What numpy's arrays and scalars need, under its old and new module names; created for each pickle.

    A pickle could change a function's defaults, and numpy's own functions reserve as much memory as they are asked for.
    """

    def latin1(text: str, encoding: str) -> bytes:
        """How pickles of protocol 2 and below write bytes."""
        if encoding != "latin1":
            raise ValueError(f"it asks for the encoding {encoding}, which a components file does not need")
        return text.encode("latin1")

    def empty(kind: Any, shape: Any, _: Any) -> np.ndarray:
        """The array that takes its shape and its numbers afterwards."""
        if kind != _NDARRAY or shape != (0,):
            raise ValueError(f"it asks for an array of shape {shape} without its numbers")
        return np.ndarray.__new__(np.ndarray, (0,), "b")

    def scalar(dtype: Any, data: bytes) -> Any:
        function: Any = np.float64(0).__reduce__()[0]
        return function(dtype, data)

    def frombuffer(*args: Any) -> Any:
        function: Any = np.empty(0).__reduce_ex__(5)[0]
        return function(*args)

    found: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): _NDARRAY,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): latin1,
    }
    for package in ("numpy.core", "numpy._core"):
        found[f"{package}.multiarray", "_reconstruct"] = empty
        found[f"{package}.multiarray", "scalar"] = scalar
        found[f"{package}.numeric", "_frombuffer"] = frombuffer
    return found
