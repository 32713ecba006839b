"""Rooms of a server: how many there may be, who is in them, and how long they stay."""

import json
import os
import shutil

import pytest
from room_parts import Host, ages, rooms_of

from server.engine.request import done
from server.osc.origin import Origin
from server.rooms import folders, registry
from server.rooms.folders import RoomFolders
from server.rooms.names import RoomError


def enter(rooms, client):
    """Enter a client's room; what ends the request."""
    _, origin = rooms.enter(Origin(client, lambda message: None, rooms.of(client)))
    return origin.reply


def test_forged_addresses_open_no_more_rooms_than_there_may_be(tmp_path):
    host = Host()
    rooms = rooms_of(tmp_path, host, most=8)
    for number in range(8):
        enter(rooms, ("10.0.0.1", number))
    with pytest.raises(RoomError, match="8 rooms"):
        enter(rooms, ("10.0.0.1", 8))
    assert len(host.log) == 8
    enter(rooms, ("10.0.0.1", 3))


def test_a_room_that_nobody_uses_makes_place(tmp_path, monkeypatch):
    host = Host()
    rooms = rooms_of(tmp_path, host, most=2)
    enter(rooms, ("10.0.0.1", 1))(done("/sound/seed"))
    enter(rooms, ("10.0.0.1", 2))
    monkeypatch.setattr(registry, "IDLE_S", -1.0)
    monkeypatch.setattr(registry, "_CHECK_S", -1.0)
    enter(rooms, ("10.0.0.1", 3))
    # The other one still waits for an answer.
    assert [room for what, room in host.log if what == "close"] == ["at-10.0.0.1-1"]


def test_who_joined_which_room_is_bounded_and_known_after_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MOST_MEMBERS", 3)
    rooms = rooms_of(tmp_path, Host())
    for number in range(5):
        rooms.join(("10.0.0.1", number), f"r{number}")
    again = rooms_of(tmp_path, Host())
    assert [again.of(("10.0.0.1", number)) for number in (1, 4)] == ["at-10.0.0.1-1", "r4"]
    assert again.join(("10.0.0.1", 4), None) == "at-10.0.0.1-4"


@pytest.mark.parametrize("text", ["", "[]", '{"members": 3}', '{"members": [[["h", 1], "../x"]]}', '{"members": [1]}'])
def test_a_damaged_list_of_members_stops_no_server(tmp_path, text):
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms" / ".members.json").write_text(text)
    assert rooms_of(tmp_path, Host()).of(("10.0.0.1", 1)) == "at-10.0.0.1-1"


def test_the_list_of_members_holds_no_more_than_addresses_and_names(tmp_path):
    rooms_of(tmp_path, Host()).join(("10.0.0.1", 4), "r")
    assert json.loads((tmp_path / "rooms" / ".members.json").read_text()) == {"members": [[["10.0.0.1", 4], "r"]]}


def stored(root, name, days):
    state = root / name / folders.STATE
    state.parent.mkdir(parents=True)
    state.write_bytes(b"")
    for path in (state, state.parent):
        os.utime(path, ages(86_400 * days))


def test_rooms_that_nobody_has_used_for_a_month_are_deleted(tmp_path):
    for name, days in (("old", 31), ("used", 31), ("new", 29)):
        stored(tmp_path, name, days)
    (tmp_path / "Not a room of ours!").mkdir()
    RoomFolders(tmp_path).clean(lambda room: room == "used")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Not a room of ours!", "new", "used"]


def test_of_too_many_rooms_the_oldest_go_but_none_of_today(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MOST_KEPT", 3)
    for number in range(3):
        stored(tmp_path, f"r{number}", number)
    rooms = RoomFolders(tmp_path)
    rooms.check_room("new", lambda room: False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r0", "r1"]
    for name in ("r1", "r2", "r3"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        stored(tmp_path, name, 0)
    with pytest.raises(RoomError, match="3 rooms"):
        rooms.check_room("new", lambda room: False)
    rooms.check_room("r1", lambda room: False)
