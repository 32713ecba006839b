"""Datagrams to checked commands."""

from collections.abc import Iterator

from core.commands.reading import Command, Refusal, printable, read
from core.commands.table import REPLIES
from server.osc.packet import WireError, decode


def parse(datagram: bytes) -> Iterator[Command | Refusal]:
    """Everything that a datagram asks for, in order. Messages with a reply's address are dropped."""
    for item in decode(datagram):
        if item.address in REPLIES:
            continue
        if isinstance(item, WireError):
            yield Refusal(printable(item.address), "-", str(item))
        else:
            yield read(item.address, item.args)
