"""Where a command came from."""

from collections.abc import Callable
from dataclasses import dataclass, field

from server.osc.clients import Address, ClientPreferences
from server.osc.packet import Message
from server.rooms.names import MAIN
from server.sinks.sink import Sink


@dataclass(frozen=True)
class Origin:
    """Where a command came from.

    Attributes:
        client: whose turn in the queue it takes.
        reply: sends a reply there.
        room: the room that the command is for.
        preferences: how the client wants its sounds.
        sink: what delivers sounds there; None: the spool of the room.
    """

    client: Address
    reply: Callable[[Message], None]
    room: str = MAIN
    preferences: ClientPreferences = field(default_factory=ClientPreferences)
    sink: Sink | None = None
