"""Decompress Snappy blocks. Source: google/snappy's format_description.txt."""

from core.formats.protobuf import varint

# The densest element, a copy of 64 bytes, takes 3 bytes.
_MAX_RATIO = 22


def decompress(data: bytes) -> bytes:
    """The content of a block, never more than its own size can hold.

    Raises:
        ValueError: it is damaged.
    """
    size, place = varint(data, 0)
    if size > _MAX_RATIO * len(data):
        raise ValueError(f"a compressed block of {len(data)} bytes claims to hold {size}")
    found = bytearray()
    while place < len(data):
        tag = data[place]
        if tag & 3 == 0:
            length, place = _literal(data, place)
            found += data[place : place + length]
            place += length
        else:
            length, offset, place = _copy(data, place)
            _repeat(found, length, offset)
        if place > len(data) or len(found) > size:
            raise ValueError("a compressed block is damaged")
    if len(found) != size:
        raise ValueError(f"a compressed block holds {len(found)} bytes instead of {size}")
    return bytes(found)


def _literal(data: bytes, place: int) -> tuple[int, int]:
    """How many bytes follow as they are, and from where."""
    length, place = data[place] >> 2, place + 1
    if length >= 60:
        width = length - 59
        length = int.from_bytes(data[place : place + width], "little")
        place += width
    return length + 1, place


def _copy(data: bytes, place: int) -> tuple[int, int, int]:
    """How many bytes to repeat, from how far back, and where the next element begins."""
    tag = data[place]
    width = (1, 2, 4)[(tag & 3) - 1]
    offset = int.from_bytes(data[place + 1 : place + 1 + width], "little")
    if width == 1:
        return (tag >> 2 & 7) + 4, offset | tag >> 5 << 8, place + 2
    return (tag >> 2) + 1, offset, place + 1 + width


def _repeat(found: bytearray, length: int, offset: int) -> None:
    if not 0 < offset <= len(found):
        raise ValueError("a compressed block refers to bytes before its beginning")
    # What is repeated may include what it makes.
    pattern = found[-offset:][:length]
    found += (pattern * (length // len(pattern) + 1))[:length]
