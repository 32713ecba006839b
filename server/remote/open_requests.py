"""Requests of home that wait for their end, so that each gets one, whatever becomes of the line."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from core.commands.reading import Command, Refusal, target_of
from core.commands.table import COMMANDS
from server.osc.clients import Address
from server.remote.paths import waits
from server.remote.wire import Part

MOST = 1024
_MOST_CLOSED = 4096


@dataclass(frozen=True)
class OpenRequest:
    """A request that was sent on.

    Attributes:
        address: its address.
        target: what its client calls it, "-" if it has no name.
        client: where it came from.
        since_s: when, on time.monotonic's clock.
    """

    address: str
    target: str
    client: Address
    since_s: float

    @property
    def waits(self) -> bool:
        """Whether it waits while the line is cut."""
        return waits(COMMANDS.get(self.address))


class OpenRequests:
    """By number. Not thread-safe."""

    def __init__(self) -> None:
        self._open: dict[int, OpenRequest] = {}
        # Clients of requests that have ended: messages may follow, such as that a recording has failed.
        self._closed: OrderedDict[int, Address] = OrderedDict()
        # Replies that wait for one before them, whose file is sent again.
        self._held: dict[int, list[Part]] = {}
        self._number = 0

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def add(self, command: Command | Refusal, client: Address) -> int:
        """Open a request; returns its number."""
        self._number += 1
        self._open[self._number] = OpenRequest(command.address, target_of(command), client, time.monotonic())
        return self._number

    def get(self, number: int) -> OpenRequest | None:
        """An open request."""
        return self._open.get(number)

    def client(self, number: int) -> Address | None:
        """The client of a request that is open, or was."""
        request = self._open.get(number)
        return request.client if request else self._closed.get(number)

    def close(self, number: int) -> None:
        """End a request."""
        self._held.pop(number, None)
        request = self._open.pop(number, None)
        if request:
            self._closed[number] = request.client
            while len(self._closed) > _MOST_CLOSED:
                self._closed.popitem(last=False)

    def give_up(self, chosen: Callable[[OpenRequest], bool]) -> list[OpenRequest]:
        """End those that are chosen, and return them."""
        found = [(number, request) for number, request in self._open.items() if chosen(request)]
        for number, _ in found:
            del self._open[number]
            self._held.pop(number, None)
        return [request for _, request in found]

    def hold(self, number: int) -> None:
        """Hold the replies of an open request back, from now on."""
        self._held[number] = []

    def holds(self, number: int, reply: Part) -> bool:
        """Keep a reply if those of its request are held back."""
        if (held := self._held.get(number)) is None:
            return False
        held.append(reply)
        return True

    def release(self, number: int) -> list[Part]:
        """What was held back, in its order."""
        return self._held.pop(number, [])

    def busy(self, client: Address) -> str:
        """The target of the oldest open request of a client that waits for work; "": it has none."""
        mine = (one for one in self._open.values() if one.client == client and one.waits)
        return next((one.target for one in mine), "")
