"""The end of a command."""

from typing import Any, NamedTuple

Reply = list[Any]


class Outcome(NamedTuple):
    """The end of a command: its replies, each [address, argument...], and "", or no replies and the reason."""

    replies: list[Reply]
    error: str
