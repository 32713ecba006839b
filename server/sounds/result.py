"""What a command's function gets and returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.catalog import Catalog
from server.engine.request import Request
from server.osc.packet import Message
from server.session import Session
from server.sounds.rendered import RenderedSound


@dataclass(frozen=True)
class Context:
    """What a function may read: the session as it is, and the models that can be loaded."""

    session: Session
    catalog: Catalog


@dataclass(frozen=True)
class Result:
    """What a command leads to.

    Attributes:
        session: what the session becomes.
        replies: sent before /done.
        sounds: delivered by the client's sink, whose replies follow `replies`.
    """

    session: Session
    replies: Sequence[Message] = ()
    sounds: Sequence[RenderedSound] = ()


# Raises what /fail reports: ValueError or OSError. It changes nothing itself.
Handler = Callable[[Context, Request], Result]
