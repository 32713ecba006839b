"""OSC messages to datagrams, by python-osc, and datagrams to messages, by a decoder of our own.

Datagrams come from anywhere, and python-osc's decoder is not made for that: it copies the rest of the datagram for
every float (seconds for a full one), skips types that it does not know, so that arguments move up, and lets decoding
errors of strings through. Ours names what is wrong. Strings that are not UTF-8 keep their bytes (surrogateescape), so
that a client's name comes back as it was sent. A test holds the two together on every valid message.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

from core.commands.arguments import Value

MAX_DATAGRAM = 65507
# What is wrong with a message of a netsend that is not binary.
FUDI = "this is Pd's text (FUDI), not OSC: use [netsend -u -b], with [oscformat] before it"
_BUNDLE = b"#bundle\0"
_DEEPEST_BUNDLE = 16
_NUMBERS = {"i": ">i", "f": ">f", "h": ">q", "d": ">d"}
# Types without bytes: true and false are numbers, nil and impulse (what hosts send for a button) are nothing.
_WITHOUT_BYTES: dict[str, tuple[Value, ...]] = {"T": (1,), "F": (0,), "N": (), "I": ()}


@dataclass(frozen=True)
class Message:
    """One OSC message."""

    address: str
    args: tuple[Value, ...] = ()


class PacketError(ValueError):
    """Bytes that are not an OSC message; `address` is what could be read of it, or empty."""

    def __init__(self, reason: str, address: str = "") -> None:
        super().__init__(reason)
        self.address = address


def decode(datagram: bytes) -> Iterator[Message | PacketError]:
    """The messages in a datagram, in order; for a broken one, the error that says why.

    Time tags of bundles are ignored: messages are handled at once, in the order in which they stand.
    """
    try:
        yield from _packet(datagram, 0)
    except PacketError as error:
        yield error


def encode(message: Message) -> bytes:
    """An OSC datagram of the types i, f and s only, which is what Pd's oscparse accepts.

    Raises:
        ValueError: the address is empty, a number does not fit in 32 bits, or the message is longer than a datagram may
            be.
    """
    typed = [_typed(value) for value in message.args]
    try:
        if all(_is_utf8(value) for tag, value in typed if tag == "s"):
            datagram = _build(message.address, typed)
        else:
            datagram = _build_bytes(message.address, typed)
    except (BuildError, OverflowError) as error:
        raise ValueError(f"{message.address} cannot be encoded: {error}") from None
    if len(datagram) > MAX_DATAGRAM:
        raise ValueError(f"{message.address} needs {len(datagram)} bytes; a datagram holds at most {MAX_DATAGRAM}")
    return datagram


def _build(address: str, typed: Sequence[tuple[str, Value]]) -> bytes:
    builder = OscMessageBuilder(address)
    for tag, value in typed:
        builder.add_arg(value, tag)
    return builder.build().dgram


def _typed(value: Value) -> tuple[str, Value]:
    """The type tag and the value as python-osc's builder takes them."""
    if isinstance(value, str):
        # A zero byte would end the string early and shift everything after it.
        return "s", value.replace("\0", "")
    if isinstance(value, float):
        return "f", value
    if not -(2**31) <= value < 2**31:
        raise ValueError(f"{value} does not fit in a 32-bit OSC integer")
    return "i", value


def _is_utf8(text: Value) -> bool:
    try:
        str(text).encode()
    except UnicodeEncodeError:
        return False
    return True


def _build_bytes(address: str, typed: Sequence[tuple[str, Value]]) -> bytes:
    """The same for strings with bytes that are not UTF-8, which python-osc's builder refuses."""
    parts = [_string_bytes(address), _string_bytes("," + "".join(tag for tag, _ in typed))]
    for tag, value in typed:
        parts.append(_string_bytes(value) if isinstance(value, str) else struct.pack(_NUMBERS[tag], value))
    return b"".join(parts)


def _packet(data: bytes, depth: int) -> Iterator[Message | PacketError]:
    if not data.startswith(_BUNDLE):
        yield _message(data)
        return
    if depth >= _DEEPEST_BUNDLE:
        raise PacketError(f"bundles are nested more than {_DEEPEST_BUNDLE} deep")
    position = len(_BUNDLE) + 8
    if len(data) < position:
        raise PacketError("a bundle ends before its time tag")
    while position < len(data):
        size = int(_number(data, position, "i", ""))
        position += 4
        if not 0 < size <= len(data) - position:
            raise PacketError(f"a bundle announces an element of {size} bytes, but {len(data) - position} are left")
        yield from _element(data[position : position + size], depth)
        position += size


def _element(data: bytes, depth: int) -> Iterator[Message | PacketError]:
    # One broken element does not break its neighbours.
    try:
        yield from _packet(data, depth + 1)
    except PacketError as error:
        yield error


def _message(data: bytes) -> Message:
    if b"\0" not in data and data.rstrip().endswith(b";"):
        raise PacketError(FUDI)
    if not data.startswith(b"/"):
        raise PacketError("not an OSC message: the first byte is not '/'")
    address, position = _string(data, 0, "")
    if position >= len(data):
        return Message(address)
    tags, position = _string(data, position, address)
    if not tags.startswith(","):
        raise PacketError("the type tags do not start with a comma", address)
    args: list[Value] = []
    for tag in tags[1:]:
        if tag in _WITHOUT_BYTES:
            args += _WITHOUT_BYTES[tag]
            continue
        value, position = _argument(data, position, tag, address)
        args.append(value)
    return Message(address, tuple(args))


def _argument(data: bytes, position: int, tag: str, address: str) -> tuple[Value, int]:
    if tag in _NUMBERS:
        return _number(data, position, tag, address), position + struct.calcsize(_NUMBERS[tag])
    if tag in "sS":
        return _string(data, position, address)
    raise PacketError(f"argument type {tag!r} is not understood; send i, f or s", address)


def _number(data: bytes, position: int, tag: str, address: str) -> float:
    try:
        return struct.unpack_from(_NUMBERS[tag], data, position)[0]
    except struct.error:
        raise PacketError("the datagram ends before its last argument", address) from None


def _string(data: bytes, position: int, address: str) -> tuple[str, int]:
    end = data.find(b"\0", position)
    if end < 0:
        raise PacketError("a string has no end", address)
    text = data[position:end].decode("utf-8", "surrogateescape")
    return text, end + 4 - end % 4


def _string_bytes(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return data + b"\0" * (4 - len(data) % 4)
