"""Requests that wait, in turn by client, so that nobody who sends many makes the others wait for all of them."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator

from server.engine.request import Request


class FairQueue:
    """At most `limit` requests; each client's in the order in which they came. Not thread-safe.

    Clients take turns. When the queue is full, a client with fewer requests in it takes a place of the one with most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: OrderedDict[Hashable, deque[Request]] = OrderedDict()

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

    def remove(self, chosen: Callable[[Request], bool]) -> list[Request]:
        """Remove and return the requests that are chosen."""
        removed = [request for request in self if chosen(request)]
        left = [(client, [one for one in requests if not chosen(one)]) for client, requests in self._waiting.items()]
        self._waiting = OrderedDict((client, deque(requests)) for client, requests in left if requests)
        return removed
