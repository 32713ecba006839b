"""Rooms: what a client sets is its room's, over real sockets."""

import re
from pathlib import Path

import pytest
from conftest import Peer, RunningServer, running_with
from replies import reason


@pytest.fixture(scope="module")
def roomed(tmp_path_factory, band):
    """A server with rooms, which plays a small model in all of them."""
    yield from running_with(RunningServer(tmp_path_factory.mktemp("rooms"), band, "--rooms", "--load", "band"), "band")


@pytest.fixture
def two(roomed, request):
    """Clients in two rooms of this test's own."""
    peers = [roomed.peer(), roomed.peer()]
    for number, peer in enumerate(peers):
        assert peer.ask("/room", f"{request.function.__name__[5:50]}{number}")[-1].address == "/done"
    return peers


def test_the_same_slot_has_another_vector_in_each_room(two):
    first, second = (peer.ask("/sound/randomize_z", "a")[0].args for peer in two)
    assert first != second
    assert two[0].ask("/sound/slerp_z", "a", "a", "b", 0.0)[0].args[1:] == first[1:]


def test_random_numbers_are_those_of_the_room(two):
    for peer in two:
        peer.ask("/sound/seed", 5)
    first, second = (peer.ask("/sound/randomize_z", "a")[0].args for peer in two)
    assert first == second


def test_a_model_that_one_room_unloads_plays_on_in_the_other(two):
    assert two[0].ask("/sound/unload")[-1].address == "/done"
    two[1].ask("/sound/randomize_z", "a")
    assert two[1].ask("/sound/synthesize", "a", "t", 60)[0].address == "/sound/audio"
    assert "no model" in reason(two[0].ask("/sound/randomize_z", "a"))


def test_files_of_rooms_are_in_folders_of_their_own(two):
    for peer in two:
        peer.ask("/sound/randomize_z", "a")
    first, second = (Path(peer.ask("/sound/synthesize", "a", "t", 60)[0].args[1]).parent for peer in two)
    assert first != second
    assert first.parent == second.parent


def test_clients_elsewhere_cannot_name_files_of_another_room_from_any(start_server, band):
    server = start_server("--rooms", "--host", "0.0.0.0", "--load", "band", models=band)
    peers = [server.peer(), server.peer()]
    peers[0].ask("/room", "anna")
    files = []
    for peer in peers:
        peer.ask("/sound/randomize_z", "a")
        files.append(peer.ask("/sound/synthesize", "a", "t", 60)[0].args[1])
    for peer, own_file, other in zip(peers, files, reversed(files), strict=True):
        assert peer.ask("/sound/match", "m", own_file)[-1].address == "/done"
        assert "no sound file" in reason(peer.ask("/sound/match", "m", other))


def test_sessions_are_those_of_the_room(two):
    assert two[0].ask("/session/save", "evening")[-1].address == "/done"
    assert [peer.ask("/session/list")[0].args for peer in two] == [["evening"], []]


def test_a_target_of_another_room_cannot_be_cancelled(two):
    two[0].send("/sound/hallucinate", "long", 400, 20)
    assert two[0].receive().address == "/progress"
    assert "nothing with the target" in reason(two[1].ask("/cancel", "long"))
    assert two[1].ask("/status")[0].args[2:4] == [0, "-"]
    two[0].send("/cancel", "long")
    ends = [reply.args for _ in range(2) for reply in two[0].receive_end()[-1:]]
    assert sorted(ends) == [["/cancel", "long"], ["/sound/hallucinate", "long", "cancelled"]]


def test_other_machines_have_rooms_of_their_own_and_two_programs_of_one_share_it(roomed):
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.3")
    joined = [Peer(roomed.port, host=host).ask("/room")[0].args for host in hosts]
    assert joined == [["main"], ["at-127.0.0.2"], ["at-127.0.0.2"], ["at-127.0.0.3"]]


def test_pictures_are_those_of_the_main_room(two):
    assert "/room main" in reason(two[0].ask("/image/status"))
    assert "/room main" in reason(two[0].ask("/image/truncation", 0.5))


@pytest.mark.parametrize("name", ["", "..", "a/b", "nul", "x" * 61, ".", "\u0301a"])
def test_a_room_has_a_plain_name(two, name):
    assert re.search("name must|room", reason(two[0].ask("/room", name)))


def test_upper_and_lower_case_are_one_room(two):
    assert [two[0].ask("/room", name)[0].args for name in ("Anna", "anna")] == [["anna"], ["anna"]]


def test_a_server_without_rooms_says_so(band_server):
    assert "--rooms" in reason(band_server.send("/room", "anna"))


def test_each_client_can_have_a_room_of_its_own(start_server, band):
    server = start_server("--rooms", "client", "--load", "band", models=band)
    first, second = server.peer(), server.peer()
    assert first.ask("/room")[0].args != second.ask("/room")[0].args
    first.ask("/sound/randomize_z", "a")
    assert "no slot" in reason(second.ask("/sound/synthesize", "a", "t", 60))


def test_a_killed_server_comes_back_with_rooms_and_with_who_was_in_them(start_server, band, tmp_path):
    server = start_server("--rooms", "--load", "band", models=band)
    peer = server.peer()
    peer.ask("/room", "anna")
    z = peer.ask("/sound/randomize_z", "a")[0]
    server.kill()
    again = start_server("--rooms", models=band)
    peer._server = ("127.0.0.1", again.port)
    assert peer.ask("/sound/slerp_z", "a", "a", "a", 0.0)[0] == z
    assert peer.ask("/sound/synthesize", "a", "t", 60)[0].address == "/sound/audio"
