"""Which function answers which address; see server/sound.py and server/directions.py."""

from collections.abc import Callable

from server.engine import Request
from server.studio import Studio
from server.wire import Message

Replies = list[Message]
Handler = Callable[[Studio, Request], Replies]

HANDLERS: dict[str, Handler] = {}


def answers(address: str) -> Callable[[Handler], Handler]:
    """Register the function behind an address of the command table."""

    def register(handler: Handler) -> Handler:
        HANDLERS[address] = handler
        return handler

    return register
