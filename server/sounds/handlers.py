"""Which function answers which address; see server/sounds/notes.py and server/sounds/directions.py."""

from collections.abc import Callable

from server.engine.queue import Request
from server.osc.packet import Message
from server.session import Session

Replies = list[Message]
Handler = Callable[[Session, Request], Replies]

HANDLERS: dict[str, Handler] = {}


def answers(address: str) -> Callable[[Handler], Handler]:
    """Register the function behind an address of the command table."""

    def register(handler: Handler) -> Handler:
        HANDLERS[address] = handler
        return handler

    return register
