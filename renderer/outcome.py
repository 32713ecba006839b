"""The end of a command."""

from collections.abc import Callable
from typing import Any, NamedTuple

Reply = list[Any]
# Gets a reply that comes long before the end.
Part = Callable[[Reply], None]


class Outcome(NamedTuple):
    """The end of a command: its replies, each [address, argument...], and "", or no replies and the reason."""

    replies: list[Reply]
    error: str
