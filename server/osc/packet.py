"""OSC datagrams to messages and back.

The decoder is our own because datagrams come from anywhere: python-osc's copies the rest of the datagram for every
float (quadratic: seconds for a full one), skips types it does not know and lets decoding errors of strings through.
Strings that are not UTF-8 keep their bytes (surrogateescape), so that a client's name comes back as it was sent.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.commands.arguments import Value

MAX_DATAGRAM = 65507
_BUNDLE = b"#bundle\0"
_DEEPEST_BUNDLE = 16
_NUMBERS = {"i": ">i", "f": ">f", "h": ">q", "d": ">d"}


@dataclass(frozen=True)
class Message:
    """One OSC message."""

    address: str
    args: tuple[Value, ...] = ()


class WireError(ValueError):
    """Bytes that are no OSC message; `address` is what could be read of it, or empty."""

    def __init__(self, reason: str, address: str = "") -> None:
        super().__init__(reason)
        self.address = address


def decode(datagram: bytes) -> Iterator[Message | WireError]:
    """The messages in a datagram, in order; a broken one as the error that says why.

    Time tags of bundles are ignored: messages are handled at once, in the order in which they stand.
    """
    try:
        yield from _packet(datagram, 0)
    except WireError as error:
        yield error


def encode(message: Message) -> bytes:
    """An OSC datagram of the types i, f and s only, which is what Pd's oscparse accepts.

    Raises:
        ValueError: an integer does not fit in 32 bits, or the message is longer than a datagram may be.
    """
    tags, parts = ",", []
    for value in message.args:
        if isinstance(value, str):
            tags, part = tags + "s", _string_bytes(value)
        elif isinstance(value, float):
            tags, part = tags + "f", struct.pack(">f", value)
        elif -(2**31) <= value < 2**31:
            tags, part = tags + "i", struct.pack(">i", value)
        else:
            raise ValueError(f"{value} does not fit in a 32-bit OSC integer")
        parts.append(part)
    datagram = _string_bytes(message.address) + _string_bytes(tags) + b"".join(parts)
    if len(datagram) > MAX_DATAGRAM:
        raise ValueError(f"{message.address} needs {len(datagram)} bytes; a datagram holds at most {MAX_DATAGRAM}")
    return datagram


def _packet(data: bytes, depth: int) -> Iterator[Message | WireError]:
    if not data.startswith(_BUNDLE):
        yield _message(data)
        return
    if depth >= _DEEPEST_BUNDLE:
        raise WireError(f"bundles are nested more than {_DEEPEST_BUNDLE} deep")
    position = len(_BUNDLE) + 8
    if len(data) < position:
        raise WireError("a bundle ends before its time tag")
    while position < len(data):
        size = int(_number(data, position, "i", ""))
        position += 4
        if not 0 < size <= len(data) - position:
            raise WireError(f"a bundle announces {size} bytes where {len(data) - position} are left")
        yield from _element(data[position : position + size], depth)
        position += size


def _element(data: bytes, depth: int) -> Iterator[Message | WireError]:
    # One broken element does not take its neighbours along.
    try:
        yield from _packet(data, depth + 1)
    except WireError as error:
        yield error


def _message(data: bytes) -> Message:
    if not data.startswith(b"/"):
        raise WireError("no OSC message: the first byte is not '/'")
    address, position = _string(data, 0, "")
    if position >= len(data):
        return Message(address)
    tags, position = _string(data, position, address)
    if not tags.startswith(","):
        raise WireError("the type tags do not start with a comma", address)
    args: list[Value] = []
    for tag in tags[1:]:
        value, position = _argument(data, position, tag, address)
        args.append(value)
    return Message(address, tuple(args))


def _argument(data: bytes, position: int, tag: str, address: str) -> tuple[Value, int]:
    if tag in _NUMBERS:
        return _number(data, position, tag, address), position + struct.calcsize(_NUMBERS[tag])
    if tag in "sS":
        return _string(data, position, address)
    raise WireError(f"argument type {tag!r} is not understood; send i, f or s", address)


def _number(data: bytes, position: int, tag: str, address: str) -> float:
    try:
        return struct.unpack_from(_NUMBERS[tag], data, position)[0]
    except struct.error:
        raise WireError("the datagram ends within its arguments", address) from None


def _string(data: bytes, position: int, address: str) -> tuple[str, int]:
    end = data.find(b"\0", position)
    if end < 0:
        raise WireError("a string has no end", address)
    text = data[position:end].decode("utf-8", "surrogateescape")
    return text, end + 4 - end % 4


def _string_bytes(text: str) -> bytes:
    # A zero byte would end the string early and shift everything after it.
    data = text.replace("\0", "").encode("utf-8", "surrogateescape")
    return data + b"\0" * (4 - len(data) % 4)
