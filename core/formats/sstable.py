"""Sorted string tables, the file format of LevelDB: keys and values, the keys ascending.

    data blocks | metaindex block (empty) | index block | footer

The index block has one entry for each data block: a key not below the block's last one -> the block's offset and size.
A block is entries, the offsets of those whose key is written whole, and how many of these there are; its compression
and a checksum follow it. An entry gives how many bytes its key shares with the one before, the lengths of the rest of
its key and of its value, and both. The footer gives the places of the last two blocks.

Source: LevelDB's doc/table_format.md; TensorFlow's lib/io/table_builder.cc and block_builder.cc.
"""

from collections.abc import Iterator, Mapping

from core.formats.checksum import masked_crc
from core.formats.protobuf import to_varint, varint
from core.formats.snappy import decompress

_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_FOOTER, _TRAILER = 48, 5
_PLAIN, _SNAPPY = 0, 1
# TensorFlow's, so that tables come out as it writes them.
_BLOCK_SIZE, _RESTART_INTERVAL = 262144, 16
# Prefixes that keys share may not make a small table large.
_MAX_KEY, _MAX_EXPANSION = 4096, 32
Items = Iterator[tuple[bytes, bytes]]
Handle = tuple[int, int]


def read(table: bytes, max_count: int) -> dict[bytes, bytes]:
    """The keys and values of a table.

    Args:
        table: the file's content.
        max_count: how many keys there may be.

    Raises:
        ValueError: it is damaged, has more keys, or takes memory out of proportion to its size.
    """
    found: dict[bytes, bytes] = {}
    size, previous = 0, None
    for block in _data_blocks(table):
        for key, value in _entries(block):
            if previous is not None and key <= previous:
                raise ValueError("its keys are not ascending")
            found[key], previous = value, key
            size += len(key)
            if len(found) > max_count:
                raise ValueError(f"it has more than {max_count} keys")
            if size > _MAX_EXPANSION * len(table):
                raise ValueError("its keys are too long for its size")
    return found


def write(items: Mapping[bytes, bytes]) -> bytes:
    """A table, as TensorFlow writes it."""
    table = bytearray()
    index = _BlockBuilder(1)
    builder, last = _BlockBuilder(_RESTART_INTERVAL), b""
    for key, value in sorted(items.items()):
        if builder.size >= _BLOCK_SIZE:
            index.add(_separator(last, key), _append(table, builder))
            builder = _BlockBuilder(_RESTART_INTERVAL)
        builder.add(key, value)
        last = key
    if items:
        index.add(_successor(last), _append(table, builder))
    footer = _append(table, _BlockBuilder(_RESTART_INTERVAL)) + _append(table, index)
    return bytes(table) + footer.ljust(_FOOTER - len(_MAGIC), b"\0") + _MAGIC


def _data_blocks(table: bytes) -> Iterator[bytes]:
    """The data blocks, of which none may be used twice."""
    if len(table) < _FOOTER or table[-len(_MAGIC) :] != _MAGIC:
        raise ValueError("it does not end as a table of TensorFlow does")
    _, place = _handle(table, len(table) - _FOOTER)
    index, _ = _handle(table, place)
    end = 0
    for _, value in _entries(_block(table, index)):
        handle, _ = _handle(value, 0)
        if handle[0] < end:
            raise ValueError("its blocks overlap")
        end = sum(handle)
        yield _block(table, handle)


def _handle(data: bytes, place: int) -> tuple[Handle, int]:
    """The offset and size of a block, and where they end."""
    offset, place = varint(data, place)
    size, place = varint(data, place)
    return (offset, size), place


def _block(table: bytes, handle: Handle) -> bytes:
    offset, size = handle
    if offset + size + _TRAILER > len(table) - _FOOTER:
        raise ValueError(f"a block of {size} bytes at {offset} does not fit into its {len(table)} bytes")
    content, compression = table[offset : offset + size], table[offset + size]
    checksum = int.from_bytes(table[offset + size + 1 : offset + size + _TRAILER], "little")
    if masked_crc(table[offset : offset + size + 1]) != checksum:
        raise ValueError(f"the checksum of the block at {offset} is wrong")
    if compression not in (_PLAIN, _SNAPPY):
        raise ValueError(f"the block at {offset} has the unknown compression {compression}")
    return decompress(content) if compression == _SNAPPY else content


def _entries(block: bytes) -> Items:
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    if len(block) < 4 or end < 0:
        raise ValueError("a block is too short")
    key, place = b"", 0
    while place < end:
        shared, place = varint(block, place)
        rest, place = varint(block, place)
        length, place = varint(block, place)
        if shared > len(key) or shared + rest > _MAX_KEY or place + rest + length > end:
            raise ValueError("an entry does not fit into its block")
        key = key[:shared] + block[place : place + rest]
        place += rest
        yield key, block[place : place + length]
        place += length


class _BlockBuilder:
    """A block in the making; every `interval`th key is written whole."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._content = bytearray()
        self._restarts = [0]
        self._count = 0
        self._last = b""

    @property
    def size(self) -> int:
        """Bytes of the block so far."""
        return len(self._content) + 4 * len(self._restarts) + 4

    def add(self, key: bytes, value: bytes) -> None:
        """Append an entry; keys ascend."""
        shared = _shared(self._last, key)
        if self._count == self._interval:
            self._restarts.append(len(self._content))
            self._count, shared = 0, 0
        self._content += to_varint(shared) + to_varint(len(key) - shared) + to_varint(len(value)) + key[shared:] + value
        self._last = key
        self._count += 1

    def finish(self) -> bytes:
        """The block."""
        numbers = [*self._restarts, len(self._restarts)]
        return bytes(self._content) + b"".join(number.to_bytes(4, "little") for number in numbers)


def _append(table: bytearray, builder: _BlockBuilder) -> bytes:
    """Add a block; its encoded offset and size."""
    block = builder.finish()
    handle = to_varint(len(table)) + to_varint(len(block))
    content = block + bytes([_PLAIN])
    table += content + masked_crc(content).to_bytes(4, "little")
    return handle


def _shared(a: bytes, b: bytes) -> int:
    """How many bytes at the beginning of two keys are the same."""
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _separator(low: bytes, high: bytes) -> bytes:
    """A short key from `low` up to, but below, `high`."""
    shared = _shared(low, high)
    if shared < min(len(low), len(high)) and low[shared] < 255 and low[shared] + 1 < high[shared]:
        return low[:shared] + bytes([low[shared] + 1])
    return low


def _successor(key: bytes) -> bytes:
    """A short key not below `key`."""
    for place, byte in enumerate(key):
        if byte < 255:
            return key[:place] + bytes([byte + 1])
    return key
