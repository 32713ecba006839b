"""Messages between a bridge and its server, over ZeroMQ: a head, JSON, bytes. Nothing in them is executed.

The head is a kind, the message's number (0: it has none) and the number up to which everything has arrived.
Messages with a number arrive once and in order, also when the line was cut (server/remote/channel.py).

A bridge opens a session with HELLO (session, fresh, got); the server answers WELCOME (known, got, page). The bridge
asks PING, which is answered with PONG (the same fields, and the page's token). BYE ends a session. With numbers:

* OSC: a message. From a bridge: id, sender; from the server: id, to. Both: file, if one belongs to it
* FILE: the next bytes of a file (server/remote/packing.py): file, name, lead
* FORGET: a file is not here (any longer): name. With an OSC message of the server's (id, to), that message comes again
  with the file, and the field `again`
* OPEN, DATA, CREDIT, CLOSE: a connection to the page (server/remote/tunnels.py): tunnel; bytes
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

_HEAD = struct.Struct("<BQQ")
# A datagram, a block of a file or of a page, with a little room.
MOST_BYTES = 1 << 18


class Kind(IntEnum):
    """What a message is about."""

    HELLO = 1
    WELCOME = 2
    PING = 3
    PONG = 4
    BYE = 5
    OSC = 16
    FILE = 17
    FORGET = 18
    OPEN = 19
    DATA = 20
    CREDIT = 21
    CLOSE = 22


@dataclass(frozen=True)
class Part:
    """One message: `fields` are plain JSON values, `payload` bytes."""

    kind: Kind
    fields: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""


def encode(part: Part, number: int = 0, arrived: int = 0) -> list[bytes]:
    """The frames of a message; see the module for its numbers."""
    return [_HEAD.pack(part.kind, number, arrived), json.dumps(part.fields).encode(), part.payload]


def decode(frames: Sequence[bytes]) -> tuple[Part, int, int]:
    """A message and its two numbers.

    Raises:
        ValueError: these frames are not one.
    """
    if len(frames) != 3 or len(frames[0]) != _HEAD.size or max(map(len, frames)) > MOST_BYTES:
        raise ValueError("a message of a bridge has three frames of a fixed form, not these")
    kind, number, arrived = _HEAD.unpack(frames[0])
    try:
        fields = json.loads(frames[1])
        known = Kind(kind)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"a message of a bridge is not readable: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError(f"the fields of a message must be an object, not {type(fields).__name__}")
    return Part(known, fields, frames[2]), number, arrived
