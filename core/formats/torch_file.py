"""Read tensors that torch has saved (pytorch_model.bin), without torch and without executing anything.

There are two formats. Since torch 1.6 a file is a zip archive: NAME/data.pkl has everything but the numbers, and each
NAME/data/KEY the numbers of one storage. Before, it was several pickles (a magic number, the version, the
machine's properties, the object, the storages' keys), then each storage: how many values, and the values.

Source: torch/serialization.py. A pickle is a program; only what puts tensors and values together is run.
"""

import collections
import io
import math
import os
import pickle
import reprlib
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.files.regular import open_regular
from core.formats import pickle_bounds
from core.formats.pickle_bounds import LimitedFile
from core.formats.records import RecordKinds

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
Storages = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class _Storage:
    """Numbers in another part of the file."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage."""

    storage: Any
    offset: Any
    shape: Any
    strides: Any


def read(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a state dict by name.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file is damaged, is not a state dict, or its pickle asks for anything that tensors do not need.
    """
    value, storages = _read(path)
    return {name: _named_array(path, name, tensor, storages) for name, tensor in value.items()}


def read_checkpoint(path: Path, names: Collection[str]) -> dict[str, Any]:
    """Entries of a checkpoint, a dict of state dicts, tensors and whatever else a program has put into it.

    The numbers of other entries, such as an optimizer's, are not read.

    Args:
        path: of the file.
        names: of the entries that are wanted; those that the file does not have are left out.

    Returns:
        A tensor as an array, a state dict as a dict of arrays by name.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file is damaged, is not a dict, or a wanted entry is of another kind.
    """
    value, storages = _read(path, RecordKinds(), names)
    found: dict[str, Any] = {}
    for name in names:
        if isinstance(entry := value.get(name), dict):
            found[name] = {
                str(key): _named_array(path, f"{name}.{key}", tensor, storages) for key, tensor in entry.items()
            }
        elif entry is not None:
            found[name] = _named_array(path, name, entry, storages)
    return found


def storage_from_bytes(data: bytes) -> np.ndarray:
    """The numbers of a storage that was saved on its own, as a tensor within a pickle is.

    Raises:
        ValueError: it is damaged.
    """
    if not isinstance(data, bytes):
        raise ValueError(f"a storage is a {type(data).__name__}, not bytes")
    value, storages = _read_legacy(io.BytesIO(data), len(data))
    if not isinstance(value, _Storage):
        raise ValueError(f"it holds a {type(value).__name__}, not a storage")
    return storages[value.key]


def _read(
    path: Path, kinds: RecordKinds | None = None, names: Collection[str] | None = None
) -> tuple[dict[str, Any], Storages]:
    """The dict of a file, by text, and the numbers that the tensors of its entries `names` refer to; None: of all."""
    with open_regular(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            is_zip = zipfile.is_zipfile(file)
            file.seek(0)
            if not is_zip and file.read(2) == b"PK":
                raise ValueError("it is a zip archive without its end, as after a download that was cut off")
            file.seek(0)
            value, storages = (_read_zip if is_zip else _read_legacy)(file, size, kinds, names)
        except Exception as error:  # a broken pickle can raise any
            raise ValueError(f"{path} cannot be read as tensors of torch: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds a {type(value).__name__}, not a state dict of tensors by name")
    return {str(name): entry for name, entry in value.items()}, storages


def _named_array(path: Path, name: str, tensor: Any, storages: Storages) -> np.ndarray:
    try:
        return _array(tensor, storages)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {name} cannot be read: {error}") from None


def _needed(value: Any, asked: Mapping[str, _Storage], names: Collection[str] | None) -> set[str]:
    """The storages that entries of a dict refer to; without names, all."""
    if names is None or not isinstance(value, dict):
        return set(asked)
    entries = [entry for name, entry in value.items() if str(name) in names]
    tensors = [one for entry in entries for one in (entry.values() if isinstance(entry, dict) else (entry,))]
    storages = [one.storage for one in tensors if isinstance(one, _Tensor)]
    return {storage.key for storage in storages if isinstance(storage, _Storage)}


def _read_zip(
    file: BinaryIO, size: int, kinds: RecordKinds | None = None, names: Collection[str] | None = None
) -> tuple[Any, Storages]:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        root = next((name[: -len("data.pkl")] for name in entries if name.endswith("/data.pkl")), None)
        if root is None:
            raise ValueError("the archive has no data.pkl")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
            raise ValueError("the archive is compressed, which torch's are not")
        if sum(entry.file_size for entry in entries.values()) > size:
            raise ValueError("the archive's parts overlap")
        if entries.get(f"{root}byteorder") and archive.read(f"{root}byteorder") != b"little":
            raise ValueError("the numbers are not little-endian")
        pickled = archive.read(f"{root}data.pkl")
        value, asked = _unpickle(LimitedFile(io.BytesIO(pickled), len(pickled)), kinds)
        needed = _needed(value, asked, names)
        storages = {
            key: _values(archive.read(f"{root}data/{key}"), kept) for key, kept in asked.items() if key in needed
        }
    return value, storages


def _read_legacy(
    whole: BinaryIO, size: int, kinds: RecordKinds | None = None, names: Collection[str] | None = None
) -> tuple[Any, Storages]:
    whole.seek(0)
    file = LimitedFile(whole, size)
    if _unpickle(file)[0] != _MAGIC:
        raise ValueError("it begins with another number than torch's files do")
    if (version := _unpickle(file)[0]) != _VERSION:
        raise ValueError(f"its version is {version!r}; only {_VERSION} can be read")
    machine = _unpickle(file)[0]
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ValueError("the numbers are not little-endian")
    value, asked = _unpickle(file, kinds)
    storages, needed = {}, _needed(value, asked, names)
    for key in _unpickle(file)[0]:
        kept = asked[key]
        if (count := int.from_bytes(file.read(8), "little")) != kept.count:
            raise ValueError(f"storage {key} has {count} values instead of {kept.count}")
        length = count * np.dtype(_DTYPES[kept.kind]).itemsize
        if key in needed:
            storages[key] = _values(file.read(length), kept)
        else:
            file.seek(file.tell() + length)
    return value, storages


def _values(data: bytes, storage: _Storage) -> np.ndarray:
    values = np.frombuffer(data, _DTYPES[storage.kind])
    if len(values) != storage.count:
        raise ValueError(f"storage {storage.key} has {len(values)} values instead of {storage.count}")
    if storage.kind == "BFloat16Storage":
        # The upper half of a float32.
        return (values.astype("<u4") << 16).view("<f4")
    return values


def _array(tensor: Any, storages: Storages) -> np.ndarray:
    """The numbers of a tensor; nothing outside its storage is ever touched."""
    if not isinstance(tensor, _Tensor) or not isinstance(tensor.storage, _Storage):
        raise ValueError(f"it is a {type(tensor).__name__}, not a tensor")
    return view(storages[tensor.storage.key], tensor.offset, tensor.shape, tensor.strides)


def view(values: np.ndarray, offset: Any, shape: Any, strides: Any) -> np.ndarray:
    """A tensor as a view of a storage's numbers, read-only.

    Raises:
        ValueError: it would reach beyond them.
    """
    shape, strides = tuple(shape), tuple(strides)
    if len(shape) != len(strides) or any(type(n) is not int or n < 0 for n in (*shape, *strides, offset)):
        raise ValueError(f"its shape is {reprlib.repr(shape)} and its strides {reprlib.repr(strides)}")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if math.prod(shape) and (last >= len(values) or math.prod(shape) > len(values)):
        raise ValueError(f"shape {shape} reaches beyond its {len(values)} values")
    if not math.prod(shape):
        return np.zeros(shape, values.dtype)
    steps = tuple(stride * values.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(values[offset:], shape, steps, writeable=False)


def _unpickle(file: LimitedFile, kinds: RecordKinds | None = None) -> tuple[Any, dict[str, _Storage]]:
    """One pickle of plain values, tensors and storages; and the storages that it asks for.

    With `kinds` it may hold objects of any class, which become records; else that is an error.
    """
    pickle_bounds.check(file)
    reader = _TensorUnpickler(file, kinds)
    return reader.load(), reader.asked


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, file: LimitedFile, kinds: RecordKinds | None) -> None:
        # Pickles of Python 2 write text as bytes.
        super().__init__(file, encoding="latin1")
        self._kinds = kinds
        self.asked: dict[str, _Storage] = {}
        self._known = harmless()

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _DTYPES:
            return name
        try:
            return self._known[module, name]
        except KeyError:
            if self._kinds is not None:
                return self._kinds.get(module, name)
            raise ValueError(f"it asks for {module}.{name}, which tensors do not need") from None

    def persistent_load(self, pid: Any) -> _Storage:
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise ValueError(f"it refers to {reprlib.repr(pid)}, which is not a storage")
        _, kind, key, _, count = pid[:5]
        if kind not in _DTYPES or not isinstance(key, str) or type(count) is not int or any(pid[5:]):
            raise ValueError(f"it refers to a storage {reprlib.repr(pid)}, which cannot be read")
        return self.asked.setdefault(key, _Storage(kind, key, count))


def harmless() -> dict[tuple[str, str], Callable[..., Any]]:
    """Functions that put tensors together, created for each pickle: one could change a function's defaults."""

    def tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
        return _Tensor(storage, offset, shape, strides)

    def parameter(data: Any, *_: Any) -> Any:
        return data

    def mapping(items: Any = ()) -> Any:
        return collections.OrderedDict(items)

    return {
        ("torch._utils", "_rebuild_tensor"): tensor,
        ("torch._utils", "_rebuild_tensor_v2"): tensor,
        ("torch._utils", "_rebuild_parameter"): parameter,
        ("torch.nn.parameter", "Parameter"): parameter,
        ("collections", "OrderedDict"): mapping,
        ("torch", "Size"): lambda items=(): tuple(items),
    }
