"""The wire format of Protocol Buffers, read and written without its library, which copies what it reads.

A message is decoded by a description: name -> field number and type (those of TensorFlow's files are in messages.py).
Values inside a message stay views of its bytes, and a message in a message is decoded only when it is asked for, so a
reader takes memory for the fields that it wants and for nothing else.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Bytes = bytes | memoryview
INT, BYTES, FIXED32, FLOATS, DOUBLES, INTS = "int", "bytes", "fixed32", "floats", "doubles", "ints"
Fields = Mapping[str, tuple[int, str]]
Values = dict[str, list[Any]]
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
# The wire type of each type of field. Repeated numbers are packed into bytes, or one by one.
_WIRE = {INT: _VARINT, BYTES: _LENGTH, FIXED32: _FOUR_BYTES, FLOATS: _FOUR_BYTES, DOUBLES: _EIGHT_BYTES, INTS: _VARINT}
_PACKED = (FLOATS, DOUBLES, INTS)
# A view takes 184 bytes, a field in a message as few as two.
_MAX_VALUES = 2**18


def decode(message: Bytes, fields: Fields) -> Values:
    """The values of a message's fields by name; fields that are not described are passed over.

    Returns:
        For each name that occurs its values in order: int for INT (signed, 64 bits) and FIXED32, a view for BYTES. For
        FLOATS, DOUBLES and INTS views which, joined, are the packed numbers.

    Raises:
        ValueError: the message is damaged, or has too many values.
    """
    view = memoryview(message)
    known = {number: (name, kind) for name, (number, kind) in fields.items()}
    found: Values = {}
    count = 0
    for number, wire, start, end in _parts(view):
        name, kind = known.get(number, ("", ""))
        count += bool(kind)
        if count > _MAX_VALUES:
            raise ValueError(f"a message has more than {_MAX_VALUES} values")
        if kind and wire == _WIRE[kind]:
            value = view[start:end] if kind in (BYTES, *_PACKED) else _number(view[start:end], wire)
            found.setdefault(name, []).append(value)
        elif kind in _PACKED and wire == _LENGTH:
            found.setdefault(name, []).append(view[start:end])
    return found


def last(values: Values, name: str, default: Any) -> Any:
    """The value of a field that occurs at most once; of several, the last one counts."""
    return values[name][-1] if name in values else default


def encode(fields: Fields, values: Mapping[str, Any]) -> bytes:
    """A message, its fields in the order of `values`; a list is a repeated field, and a number 0 is left out."""
    parts = []
    for name, value in values.items():
        number, kind = fields[name]
        for each in value if isinstance(value, list) else [value]:
            if kind == INT and each:
                parts += [to_varint(number << 3 | _VARINT), to_varint(each)]
            elif kind == FIXED32 and each:
                parts += [to_varint(number << 3 | _FOUR_BYTES), each.to_bytes(4, "little")]
            elif kind not in (INT, FIXED32):
                parts += [to_varint(number << 3 | _LENGTH), to_varint(len(each)), each]
    return b"".join(parts)


def to_varint(value: int) -> bytes:
    """A whole number of at most 64 bits, 7 bits a byte, the lowest first."""
    value &= 2**64 - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def varint(data: Bytes, start: int) -> tuple[int, int]:
    """The unsigned number that begins at `start`, and where it ends.

    Raises:
        ValueError: it is longer than 10 bytes, or the data end in it.
    """
    value = 0
    for place, byte in enumerate(data[start : start + 10]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value & 2**64 - 1, start + place + 1
    raise ValueError("it ends in a number" if len(data) - start < 10 else "a number is longer than 10 bytes")


def varints(data: Bytes) -> Iterator[int]:
    """Packed whole numbers, signed, 64 bits.

    Raises:
        ValueError: the data are damaged.
    """
    place = 0
    while place < len(data):
        value, place = varint(data, place)
        yield _signed(value)


def _parts(view: memoryview) -> Iterator[tuple[int, int, int, int]]:
    """Of each field its number, wire type and where its value begins and ends."""
    place = 0
    while place < len(view):
        tag, start = varint(view, place)
        wire = tag & 7
        if wire == _VARINT:
            place = varint(view, start)[1]
        elif wire == _LENGTH:
            length, start = varint(view, start)
            place = start + length
        elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
            place = start + (8 if wire == _EIGHT_BYTES else 4)
        else:
            raise ValueError(f"a field has the unknown wire type {wire}")
        if place > len(view):
            raise ValueError("it ends in the middle of a field")
        yield tag >> 3, wire, start, place


def _number(view: memoryview, wire: int) -> int:
    return _signed(varint(view, 0)[0]) if wire == _VARINT else int.from_bytes(view, "little")


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
