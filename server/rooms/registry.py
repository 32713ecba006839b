"""Which client is in which room, and which rooms are in memory, on which engine.

All of it is bounded: addresses of datagrams can be forged, so that anybody could open rooms without end.
"""

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from core import errors
from core.files import atomic, json_files
from server.osc.clients import Address
from server.osc.origin import Origin
from server.osc.packet import Message
from server.rooms import names
from server.rooms.folders import RoomFolders
from server.rooms.host import RoomHost
from server.rooms.names import MAIN, MOST_ROOMS, RoomError
from server.rooms.own_room import By, lasting, own

log = logging.getLogger(__name__)

MOST_MEMBERS = 1024
# A room that nobody has used for so long is only on disk, until somebody comes back.
IDLE_S = 600.0
_CHECK_S, _CLEAN_S = 30.0, 3600.0
# No room has this name.
_MEMBERS = ".members.json"
ONE_ROOM = "this server has one room, which all share; start it with hallu serve --rooms"


@dataclass(frozen=True)
class RoomRules:
    """How clients are divided into rooms.

    Attributes:
        by: see `server.rooms.own_room.own`.
        folders: where rooms are kept.
        name_of_key: returns what the key of a bridge is called.
        most: rooms in memory at a time.
    """

    by: By
    folders: RoomFolders
    name_of_key: Callable[[str], str] = lambda key: "bridge"
    most: int = MOST_ROOMS


@dataclass
class _Place:
    """A room in memory: the engine that has it, when it was used last, and requests without their end."""

    host: RoomHost
    used_s: float
    requests: int = 0


class Rooms:
    """All rooms. Methods may be called from any thread."""

    def __init__(self, hosts: Sequence[RoomHost], rules: RoomRules | None = None) -> None:
        """Divide clients into rooms.

        Args:
            hosts: engines; the first one has MAIN, the others the rest, or it has them all.
            rules: None: there is only MAIN.
        """
        self._main, self._others, self._rules = hosts[0], hosts[1:] or hosts, rules
        self._lock = threading.Lock()
        self._places = {MAIN: _Place(self._main, time.monotonic())}
        self._members: OrderedDict[Hashable, str] = (
            OrderedDict(_read_members(rules.folders)) if rules else OrderedDict()
        )
        self._checked_s = self._cleaned_s = float("-inf")

    def of(self, client: Address) -> str:
        """The room that a client is in."""
        if self._rules is None:
            return MAIN
        key = lasting(client)
        with self._lock:
            if key in self._members:
                self._members.move_to_end(key)
                return self._members[key]
        return own(client, self._rules.by, self._rules.name_of_key)

    def join(self, client: Address, name: str | None) -> str:
        """Put a client into a room; None: into its own. Returns the room's name.

        Raises:
            ValueError: it is not a name for a room, or there is only one room.
        """
        if self._rules is None:
            raise ValueError(ONE_ROOM)
        room = None if name is None else names.plain(name)
        with self._lock:
            self._members.pop(lasting(client), None)
            if room is not None:
                self._members[lasting(client)] = room
            while len(self._members) > MOST_MEMBERS:
                self._members.popitem(last=False)
            _write_members(self._rules.folders, self._members)
        return room or self.of(client)

    def enter(self, origin: Origin) -> tuple[RoomHost, Origin]:
        """The engine that has an origin's room, and the origin whose replies tell when the request has ended.

        Raises:
            RoomError: there are too many rooms.
        """
        with self._lock:
            left = self._left()
            new = origin.room not in self._places
            place = self._new(origin.room) if new else self._places[origin.room]
            place.used_s, place.requests = time.monotonic(), place.requests + 1
        # Without the lock: an engine may be about to report, with its own, that a request has ended.
        for room, host in left:
            host.close(room)
        if new:
            place.host.open(origin.room)
        return place.host, _counted(origin, lambda: self._ended(place))

    def give_up(self, chosen: Callable[[Hashable], bool], reason: str) -> None:
        """Stop all requests of the clients that are chosen: they are gone."""
        for host in dict.fromkeys((self._main, *self._others)):
            host.give_up(chosen, reason)

    def _ended(self, place: _Place) -> None:
        with self._lock:
            place.requests -= 1
            place.used_s = time.monotonic()

    def _new(self, room: str) -> _Place:
        rules = self._rules
        assert rules is not None
        if len(self._places) > rules.most:
            raise RoomError(f"{rules.most} rooms are in use, the most that there may be; join one: /room NAME")
        rules.folders.check_room(room, self._places.__contains__)
        hosts = [place.host for place in self._places.values()]
        place = self._places[room] = _Place(min(self._others, key=hosts.count), time.monotonic())
        return place

    def _left(self) -> list[tuple[str, RoomHost]]:
        """Rooms that nobody uses any more, now and then; what nobody has used for long is deleted from the disk."""
        now_s = time.monotonic()
        if self._rules is None or now_s - self._checked_s < _CHECK_S:
            return []
        self._checked_s = now_s
        if now_s - self._cleaned_s > _CLEAN_S:
            self._cleaned_s = now_s
            clean, used = self._rules.folders.clean, self._places.__contains__
            threading.Thread(target=clean, args=(used,), name="clean rooms", daemon=True).start()
        idle = [room for room, place in self._places.items() if not place.requests and now_s - place.used_s > IDLE_S]
        return [(room, self._places.pop(room).host) for room in idle if room != MAIN]


def _counted(origin: Origin, ended: Callable[[], None]) -> Origin:
    def reply(message: Message) -> None:
        origin.reply(message)
        if message.address in ("/done", "/fail"):
            ended()

    return Origin(origin.client, reply, origin.room, origin.preferences, origin.sink)


def _write_members(folders: RoomFolders, members: OrderedDict[Hashable, str]) -> None:
    rows = [[list(key), room] for key, room in members.items() if isinstance(key, tuple)]
    try:
        # On each /room, in the thread that receives: not as long as a disk takes.
        atomic.write_bytes(folders.root / _MEMBERS, json.dumps({"members": rows}).encode(), sync=False)
    except OSError as error:
        log.warning("who is in which room cannot be saved: %s", errors.sentence(error))


def _read_members(folders: RoomFolders) -> Sequence[tuple[Hashable, str]]:
    """Who was in which room; nobody where the file is missing or damaged."""
    try:
        rows = json_files.read_object(folders.root / _MEMBERS)["members"]
        return [(tuple(key), names.plain(room)) for key, room in rows][-MOST_MEMBERS:]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("who was in which room is lost: %s", error)
        return []
