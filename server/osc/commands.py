"""Datagrams to checked commands."""

from collections.abc import Iterator

from core.commands.reading import Command, Refusal, printable, read
from core.commands.table import REPLIES
from server.osc.packet import PacketError, decode


def parse(datagram: bytes) -> Iterator[Command | Refusal]:
    """The commands in a datagram, in order; messages with the address of a reply are dropped."""
    for item in decode(datagram):
        if item.address in REPLIES:
            continue
        if isinstance(item, PacketError):
            yield Refusal(printable(item.address), "-", str(item))
        else:
            yield read(item.address, item.args)
