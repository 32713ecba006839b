"""Requests that wait, in turn by client, so that nobody who sends many makes the others wait for all of them."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator

from server.engine.lanes import Lane
from server.engine.request import Request


class FairQueue:
    """At most `limit` requests; each client's in the order in which they came. Not thread-safe.

    Clients take turns. When the queue is full, a client with fewer requests in it takes a place of the one with most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: OrderedDict[Hashable, deque[Request]] = OrderedDict()
        # When each client had its last turn with a live request, as a count of turns; only those that wait are kept.
        self._live_turns: dict[Hashable, int] = {}

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    def __iter__(self) -> Iterator[Request]:
        """All of them, client by client."""
        return (request for requests in self._waiting.values() for request in requests)

    def put(self, request: Request) -> Request | None:
        """Add a request.

        Returns:
            The request that has no place because the queue is full: this one, or the last of another client.
        """
        displaced = None
        if len(self) >= self._limit:
            fullest = max(self._waiting, key=lambda client: len(self._waiting[client]))
            if len(self._waiting[fullest]) <= len(self._waiting.get(request.client, ())) + 1:
                return request
            displaced = self._waiting[fullest].pop()
        self._waiting.setdefault(request.client, deque()).append(request)
        return displaced

    def take(self) -> Request:
        """Remove and return the next request; after it, it is the turn of the other clients.

        Raises:
            KeyError: none waits.
        """
        client, requests = self._waiting.popitem(last=False)
        request = requests.popleft()
        if requests:
            self._waiting[client] = requests
        return request

    def take_live(self, allowed: Callable[[Request], bool]) -> Request | None:
        """Remove and return the next live request that is allowed; clients take turns at these too.

        Requests of the same client that only render are overtaken, those that change something are not.
        """
        found = {client: one for client in self._waiting if (one := self._first_live(client)) and allowed(one)}
        if not found:
            return None
        client = min(found, key=lambda each: self._live_turns.get(each, 0))
        turns = {each: turn for each, turn in self._live_turns.items() if each in self._waiting}
        self._live_turns = turns | {client: max(turns.values(), default=0) + 1}
        self._waiting[client].remove(found[client])
        if not self._waiting[client]:
            del self._waiting[client]
        return found[client]

    def _first_live(self, client: Hashable) -> Request | None:
        changes = False
        for request in self._waiting[client]:
            if request.lane is Lane.CLOCK or (request.lane.live and not changes):
                return request
            changes = changes or request.lane is Lane.CHANGE
        return None

    def remove(self, chosen: Callable[[Request], bool]) -> list[Request]:
        """Remove and return the requests that are chosen."""
        removed = [request for request in self if chosen(request)]
        left = [(client, [one for one in requests if not chosen(one)]) for client, requests in self._waiting.items()]
        self._waiting = OrderedDict((client, deque(requests)) for client, requests in left if requests)
        return removed
