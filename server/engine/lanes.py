"""Which requests go before which.

Notes and what steers them are played live: they go before work that takes long, which gives way to them between two of
its notes. What a client sends stays in order wherever the order can be heard.
"""

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.engine.request import Request


class Lane(Enum):
    """How a command behaves in the queue."""

    # Renders a note, and changes nothing that another one is made from.
    NOTE = "note"
    # Changes what later notes are, at once.
    CONTROL = "control"
    # Reports a time, which counts now.
    CLOCK = "clock"
    # Changes what later notes are, and takes time or draws random numbers; what its client sends after it waits.
    CHANGE = "change"
    # Renders something long, or reports something.
    RENDER = "render"

    @property
    def live(self) -> bool:
        """Whether it goes before commands that are not live."""
        return self in (Lane.NOTE, Lane.CONTROL, Lane.CLOCK)


def may_interrupt(request: "Request", running: "Request") -> bool:
    """Whether a request may be served while a long one runs and gives way."""
    if running.lane is Lane.CHANGE and request.room == running.room:
        return request.lane is Lane.CLOCK or (request.lane is Lane.NOTE and request.client != running.client)
    return request.lane.live
