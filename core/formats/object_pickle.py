"""Pickles of whole objects, such as networks with their settings: read as records, without executing anything.

An object becomes a `Record` of its class's name, its arguments and its state, whatever class that is; nothing of the
class is looked for, and source text that travels in the file stays text. Arrays of NumPy and tensors of torch become
arrays.
"""

import io
import pickle
from typing import Any

import numpy as np

from core.formats import pickle_bounds, pickles, torch_file
from core.formats.pickle_bounds import LimitedFile
from core.formats.records import Record, RecordKinds

# Objects within objects count once per level when sizes are added up, though nothing of them is copied.
_TIMES = 128


def loads(data: bytes) -> Any:
    """The value of a pickle; see the module.

    Raises:
        ValueError: the pickle takes memory and time out of proportion to its size.
        Exception: any, if the pickle is broken.
    """
    file = LimitedFile(io.BytesIO(data), len(data))
    pickle_bounds.check(file, _TIMES)
    return _RecordUnpickler(file).load()


class _RecordUnpickler(pickle.Unpickler):
    def __init__(self, file: LimitedFile) -> None:
        # Pickles of Python 2 write text as bytes.
        super().__init__(file, encoding="latin1")
        self._known = {**pickles.harmless(), **torch_file.harmless(), **_harmless()}
        self._kinds = RecordKinds()

    def find_class(self, module: str, name: str) -> Any:
        return self._known.get((module, name)) or self._kinds.get(module, name)


def _harmless() -> dict[tuple[str, str], Any]:
    """How Python creates objects, and torch tensors within; new for each pickle, which could change a function."""

    def reconstructor(kind: Any, *_: Any) -> Any:
        if not (isinstance(kind, type) and issubclass(kind, Record)):
            raise ValueError(f"it creates an object of {kind!r:.60}, which is not a class")
        return kind()

    def tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> np.ndarray:
        if not isinstance(storage, np.ndarray):
            raise ValueError("a tensor is without its numbers")
        return torch_file.view(storage, offset, shape, strides)

    found: dict[tuple[str, str], Any] = {("torch.storage", "_load_from_bytes"): torch_file.storage_from_bytes}
    for package in ("copyreg", "copy_reg"):
        found[package, "_reconstructor"] = reconstructor
    for name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
        found["torch._utils", name] = tensor
    return found
