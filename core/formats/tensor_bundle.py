"""TensorFlow's checkpoint format: PREFIX.index, PREFIX.data-NNNNN-of-NNNNN, and the text file `checkpoint` beside them.

The index is a table (sstable.py): "" -> a header, and the name of each tensor -> its type, its shape, where its bytes
are and their checksum. It is read and written without TensorFlow.

Source: TensorFlow's core/util/tensor_bundle/tensor_bundle.cc and core/protobuf/tensor_bundle.proto.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.files.atomic import sync_file
from core.files.regular import open_regular, read_regular, refuse_pointer
from core.formats import messages, sstable
from core.formats.checksum import crc, masked
from core.formats.protobuf import decode, encode, last, varint

INDEX = ".index"
_MAX_INDEX_SIZE, _MAX_COUNT, _MAX_ENTRY_SIZE = 2**26, 100_000, 2**16
_MAX_DIMS, _MAX_DIM, _MAX_SHARDS = 32, 2**40, 100_000
_VERSION, _LITTLE_ENDIAN = 1, 0


@dataclass(frozen=True)
class Entry:
    """A tensor as the index describes it: its type's number, its shape, and which bytes of which file hold it."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int


class Reader:
    """The tensors of a checkpoint.

    Raises:
        FileNotFoundError: it has no index.
        ValueError: the index is damaged.
    """

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self._index = prefix.with_name(prefix.name + INDEX)
        table = read_regular(self._index, _MAX_INDEX_SIZE)
        try:
            items = sstable.read(table, _MAX_COUNT)
            self._shards = _read_header(items.pop(b"", None))
            # Keys that begin with a zero byte belong to the slices of partitioned variables.
            self._items = {_to_name(key): value for key, value in items.items() if not key.startswith(b"\0")}
        except ValueError as error:
            raise ValueError(f"{self._index} cannot be read as a TensorFlow checkpoint: {error}") from None

    @property
    def names(self) -> list[str]:
        """The tensors' names, ascending."""
        return sorted(self._items)

    def entry(self, name: str) -> Entry:
        """What the index says of a tensor.

        Raises:
            ValueError: the checkpoint has no such tensor, or its entry is damaged.
        """
        if name not in self._items:
            raise ValueError(f"{self.prefix} has no variable {name}")
        try:
            return _read_entry(self._items[name], self._shards)
        except ValueError as error:
            raise ValueError(f"{self._index}: {name} cannot be read: {error}") from None

    def sizes(self) -> dict[str, int]:
        """The bytes of each tensor by name, ascending.

        Raises:
            ValueError: an entry is damaged.
        """
        return {name: self.entry(name).size for name in self.names}

    def read(self, name: str) -> np.ndarray:
        """A tensor, read-only; bfloat16 as float32, strings as an array of bytes objects.

        Raises:
            FileNotFoundError: the file that holds it is missing.
            ValueError: the checkpoint has no such tensor, or it is damaged.
        """
        entry = self.entry(name)
        path = self.prefix.with_name(f"{self.prefix.name}.data-{entry.shard:05d}-of-{self._shards:05d}")
        try:
            return _to_array(_read_bytes(path, entry), entry)
        except ValueError as error:
            raise ValueError(f"{path}: {name} cannot be read: {error}") from None

    def dtype(self, name: str) -> np.dtype:
        """The type of the array that `read` returns.

        Raises:
            ValueError: the checkpoint has no such tensor, or its entry is damaged.
        """
        return _dtype_of(self.entry(name).dtype)


def write(prefix: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name, byte for byte as TensorFlow's SaveV2 would; what is there is replaced.

    Raises:
        ValueError: an array is not of numbers.
    """
    header = {"num_shards": 1, "version": encode(messages.VERSION, {"producer": _VERSION})}
    items = {b"": encode(messages.BUNDLE_HEADER, header)}
    offset, path = 0, prefix.with_name(f"{prefix.name}.data-00000-of-00001")
    with path.open("wb") as file:
        for name, value in sorted(tensors.items()):
            data = np.asarray(value, order="C")
            data = data.astype(data.dtype.newbyteorder("<"), copy=False)
            content = data.tobytes()
            items[name.encode()] = _to_entry(name, data, offset, content)
            file.write(content)
            offset += len(content)
    index = prefix.with_name(prefix.name + INDEX)
    index.write_bytes(sstable.write(items))
    sync_file(path)
    sync_file(index)


def _to_name(key: bytes) -> str:
    name = key.decode(errors="replace")
    if not name.isprintable() or name.encode() != key:
        raise ValueError(f"a name is not text: {key!r:.80}")
    return name


def _read_header(value: bytes | None) -> int:
    """The number of data files."""
    if value is None:
        raise ValueError("it has no header")
    header = decode(value, messages.BUNDLE_HEADER)
    version = decode(last(header, "version", b""), messages.VERSION)
    if (needed := last(version, "min_consumer", 0)) > _VERSION:
        raise ValueError(f"its version is {needed}; only {_VERSION} can be read")
    if last(header, "endianness", _LITTLE_ENDIAN) != _LITTLE_ENDIAN:
        raise ValueError("its numbers are not little-endian")
    shards = last(header, "num_shards", 0)
    if not 0 < shards < _MAX_SHARDS:
        raise ValueError(f"it has {shards} data files; there must be 1 to {_MAX_SHARDS - 1}")
    return int(shards)


def _read_entry(value: bytes, shards: int) -> Entry:
    if len(value) > _MAX_ENTRY_SIZE:
        raise ValueError(f"its entry has {len(value)} bytes, more than {_MAX_ENTRY_SIZE}")
    found = decode(value, messages.BUNDLE_ENTRY)
    if "slices" in found:
        raise ValueError("it is stored in slices (a partitioned variable), which are not supported")
    numbers = [last(found, name, 0) for name in ("dtype", "shard_id", "offset", "size", "crc32c")]
    dtype, shard, offset, size, checksum = numbers
    if not 0 <= shard < shards:
        raise ValueError(f"it is in data file {shard} of {shards}")
    if offset < 0 or size < 0:
        raise ValueError(f"its {size} bytes at {offset} cannot be")
    return Entry(dtype, _read_shape(last(found, "shape", b"")), shard, offset, size, checksum)


def _read_shape(message: bytes) -> tuple[int, ...]:
    found = decode(message, messages.TENSOR_SHAPE)
    if last(found, "unknown_rank", 0):
        raise ValueError("its shape is unknown")
    dims = found.get("dim", [])
    if len(dims) > _MAX_DIMS:
        raise ValueError(f"it has {len(dims)} dimensions, more than {_MAX_DIMS}")
    shape = tuple(last(decode(dim, messages.DIM), "size", 0) for dim in dims)
    if wrong := [size for size in shape if not 0 <= size <= _MAX_DIM]:
        raise ValueError(f"a dimension is {wrong[0]}; it must be in 0..{_MAX_DIM}")
    return shape


def _dtype_of(number: int) -> np.dtype:
    if number == messages.STRING:
        return np.dtype(object)
    if number == messages.BFLOAT16:
        return np.dtype("<f4")
    if number not in messages.DTYPES:
        raise ValueError(f"its type has the number {number}, which is not supported")
    return np.dtype(messages.DTYPES[number])


def _read_bytes(path: Path, entry: Entry) -> bytes:
    """The bytes of a tensor, or of nothing that is not in the file."""
    stored = _dtype_of(entry.dtype) if entry.dtype != messages.BFLOAT16 else np.dtype("<u2")
    count = math.prod(entry.shape)
    if entry.dtype == messages.STRING:
        if entry.size < count:
            raise ValueError(f"its {count} strings cannot be in {entry.size} bytes")
    elif entry.size != count * stored.itemsize:
        raise ValueError(f"its shape is {list(entry.shape)}, and it has {entry.size} bytes")
    with open_regular(path, pointers=True) as file:
        refuse_pointer(file)
        if entry.offset + entry.size > (length := os.fstat(file.fileno()).st_size):
            raise ValueError(f"it ends at byte {entry.offset + entry.size}; the file has {length}")
        file.seek(entry.offset)
        content = file.read(entry.size)
    if entry.dtype != messages.STRING and masked(crc(content)) != entry.checksum:
        raise ValueError("its checksum is wrong")
    return content


def _to_array(content: bytes, entry: Entry) -> np.ndarray:
    if entry.dtype == messages.STRING:
        return _to_strings(content, entry)
    if entry.dtype == messages.BFLOAT16:
        return (np.frombuffer(content, "<u2").astype("<u4") << 16).view("<f4").reshape(entry.shape)
    return np.frombuffer(content, _dtype_of(entry.dtype)).reshape(entry.shape)


def _to_strings(content: bytes, entry: Entry) -> np.ndarray:
    """Strings: the length of each, a checksum of the lengths as 4 (or 8) bytes each, then their bytes."""
    lengths, place = [], 0
    for _ in range(math.prod(entry.shape)):
        length, place = varint(content, place)
        lengths.append(length)
    widths = (length.to_bytes(4 if length < 2**32 else 8, "little") for length in lengths)
    known = crc(b"".join(widths))
    stored = masked(known).to_bytes(4, "little")
    if content[place : place + 4] != stored:
        raise ValueError("the checksum of its lengths is wrong")
    place += 4
    if place + sum(lengths) != len(content):
        raise ValueError("its strings do not fill its bytes")
    if masked(crc(content[place:], crc(stored, known))) != entry.checksum:
        raise ValueError("its checksum is wrong")
    strings = np.empty(len(lengths), object)
    for number, length in enumerate(lengths):
        strings[number] = content[place : place + length]
        place += length
    return strings.reshape(entry.shape)


def _to_entry(name: str, array: np.ndarray, offset: int, content: bytes) -> bytes:
    number = next((number for number, dtype in messages.DTYPES.items() if np.dtype(dtype) == array.dtype), None)
    if number is None:
        raise ValueError(f"{name} is an array of {array.dtype}; a checkpoint holds numbers")
    dims = [encode(messages.DIM, {"size": size}) for size in array.shape]
    entry = {
        "dtype": number,
        "shape": encode(messages.TENSOR_SHAPE, {"dim": dims}),
        "offset": offset,
        "size": len(content),
        "crc32c": masked(crc(content)),
    }
    return encode(messages.BUNDLE_ENTRY, entry)
