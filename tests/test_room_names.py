"""Which room is a client's, and how rooms may be named."""

import pytest

from server.remote.peer import RemoteHost
from server.rooms.names import plain
from server.rooms.own_room import own


@pytest.mark.parametrize("name", ["राम", "น้ำ", "\U0001d4b3" * 60])
def test_a_room_is_named_in_any_script(name):
    assert plain(name) == name


def test_an_accent_that_follows_its_letter_is_the_one_within_it():
    assert plain("Jose\u0301") == plain("JOS\u00c9") == "jos\u00e9"


def bridged(key, host, port):
    return (RemoteHost(key, "session" * 3, host), port)


@pytest.mark.parametrize(
    ("client", "by", "room"),
    [
        (("127.0.0.1", 5), "host", "main"),
        (("192.168.1.7", 5), "host", "at-192.168.1.7"),
        (("fe80::1", 5, 0, 2), "host", "at-fe80--1"),
        (("127.0.0.1", 5), "client", "at-127.0.0.1-5"),
        (bridged("k", "127.0.0.1", 5), "host", "at-laptop"),
        (bridged("k", "10.0.0.2", 5), "host", "at-laptop-10.0.0.2"),
        (bridged("k", "127.0.0.1", 5), "client", "at-laptop-127.0.0.1-5"),
    ],
)
def test_the_room_of_a_client_that_has_joined_none(client, by, room):
    assert own(client, by, lambda key: "laptop") == room
    assert plain(room) == room


def test_clients_of_a_bridge_with_a_long_name_have_rooms_of_their_own():
    rooms = {own(bridged("k", "10.0.0.2", port), "client", lambda key: "x" * 60) for port in (5, 6)}
    assert len(rooms) == 2
    assert {plain(room) for room in rooms} == rooms
