"""Requests that wait, in turn by room and by client, so that nobody who sends many makes the others wait for them."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator

from server.engine.lanes import Lane
from server.engine.request import Request

# The clients of a room that have requests, each with its own; the next one first.
_Clients = OrderedDict[Hashable, deque[Request]]


class FairQueue:
    """At most `limit` requests; each client's in the order in which they came. Not thread-safe.

    Rooms take turns, and in a room its clients do. When the queue is full, a room with fewer requests in it takes a
    place of the one with most; within a room, so does a client.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: OrderedDict[str, _Clients] = OrderedDict()
        # When each room, and each client of it, had its last turn with a live request, as a count of turns; only those
        # that wait are kept.
        self._live_turns: dict[Hashable, int] = {}

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(_count, self._waiting.values()))

    def __iter__(self) -> Iterator[Request]:
        """All of them, room by room and client by client."""
        return (one for clients in self._waiting.values() for requests in clients.values() for one in requests)

    def count(self, room: str) -> int:
        """How many of a room wait."""
        return _count(self._waiting.get(room, OrderedDict()))

    def put(self, request: Request) -> Request | None:
        """Add a request.

        Returns:
            The request that has no place because the queue is full: this one, or the last of another client.
        """
        displaced = None
        if len(self) >= self._limit:
            displaced = self._displaced(request)
            if displaced is None:
                return request
            self._waiting[displaced.room][displaced.client].pop()
            self._forget_empty()
        clients = self._waiting.setdefault(request.room, OrderedDict())
        clients.setdefault(request.client, deque()).append(request)
        return displaced

    def _displaced(self, request: Request) -> Request | None:
        """The request that gives its place to a new one, in a full queue; None: the new one gets none."""
        room = max(self._waiting, key=self.count)
        # A place that would only change hands stays where it is.
        if self.count(room) <= self.count(request.room) + 1:
            room = request.room
        clients = self._waiting.get(room, OrderedDict())
        client = max(clients, key=lambda each: len(clients[each]), default=None)
        own = len(clients.get(request.client, ())) + 1 if room == request.room else 0
        return clients[client][-1] if client in clients and len(clients[client]) > own else None

    def take(self) -> Request:
        """Remove and return the next request; after it, it is the turn of the other rooms, and of the other clients.

        Raises:
            KeyError: none waits.
        """
        room, clients = self._waiting.popitem(last=False)
        client, requests = clients.popitem(last=False)
        request = requests.popleft()
        if requests:
            clients[client] = requests
        if clients:
            self._waiting[room] = clients
        return request

    def take_live(self, allowed: Callable[[Request], bool]) -> Request | None:
        """Remove and return the next live request that is allowed; rooms and clients take turns at these too.

        Requests of the same client that only render are overtaken, those that change something are not.
        """
        found = [one for clients in self._waiting.values() for each in clients.values() if (one := _first_live(each))]
        found = [one for one in found if allowed(one)]
        if not found:
            return None
        request = min(found, key=lambda one: tuple(self._live_turns.get(key, 0) for key in _turns(one)))
        waiting = {*self._waiting, *((room, client) for room, clients in self._waiting.items() for client in clients)}
        turns = {key: turn for key, turn in self._live_turns.items() if key in waiting}
        self._live_turns = turns | dict.fromkeys(_turns(request), max(turns.values(), default=0) + 1)
        self._waiting[request.room][request.client].remove(request)
        self._forget_empty()
        return request

    def remove(self, chosen: Callable[[Request], bool]) -> list[Request]:
        """Remove and return the requests that are chosen."""
        removed = [request for request in self if chosen(request)]
        for clients in self._waiting.values():
            for client, requests in clients.items():
                clients[client] = deque(one for one in requests if not chosen(one))
        self._forget_empty()
        return removed

    def _forget_empty(self) -> None:
        for room, clients in list(self._waiting.items()):
            for client in [client for client, requests in clients.items() if not requests]:
                del clients[client]
            if not clients:
                del self._waiting[room]


def _count(clients: _Clients) -> int:
    return sum(map(len, clients.values()))


def _turns(request: Request) -> tuple[Hashable, Hashable]:
    """What takes turns: the room, and the client in it."""
    return request.room, (request.room, request.client)


def _first_live(requests: deque[Request]) -> Request | None:
    changes = False
    for request in requests:
        if request.lane is Lane.CLOCK or (request.lane.live and not changes):
            return request
        changes = changes or request.lane is Lane.CHANGE
    return None
