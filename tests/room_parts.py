"""Rooms without a server: what tests of them share."""

import time

from server.rooms.folders import RoomFolders
from server.rooms.registry import RoomRules, Rooms


class Host:
    """Records what rooms ask of an engine."""

    def __init__(self):
        self.log = []

    def open(self, room):
        self.log.append(("open", room))

    def close(self, room):
        self.log.append(("close", room))


def rooms_of(tmp_path, *hosts, **more):
    return Rooms(hosts, RoomRules("client", RoomFolders(tmp_path / "rooms"), **more))


def ages(age_s):
    """Times for `os.utime`."""
    return (time.time() - age_s,) * 2
