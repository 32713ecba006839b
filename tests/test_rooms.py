"""Rooms: what a client sets is its room's, over real sockets; how many there may be, and how long they stay."""

import contextlib
import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import Peer, RunningServer, running_with
from recorded_request import RecordedRequest
from waiting import until

import gansynth
from core.processes import is_running
from server.catalog import Catalog
from server.engine.fair_queue import FairQueue
from server.engine.request import done
from server.engine.work import EngineWork
from server.osc.origin import Origin
from server.remote.peer import RemoteHost
from server.rooms import folders, registry
from server.rooms.folders import RoomFolders
from server.rooms.names import RoomError, plain
from server.rooms.own_room import own
from server.rooms.registry import RoomRules, Rooms
from server.rooms.room import RoomStore
from server.sinks.wav_spool import WavSink, WavSpool


@pytest.fixture(scope="module")
def roomed(tmp_path_factory, band):
    """A server with rooms, which plays a small model in all of them."""
    yield from running_with(RunningServer(tmp_path_factory.mktemp("rooms"), band, "--rooms", "--load", "band"), "band")


@pytest.fixture
def two(roomed, request):
    """Clients in two rooms of this test's own."""
    peers = [roomed.peer(20), roomed.peer(20)]
    for number, peer in enumerate(peers):
        assert peer.ask("/room", f"{request.function.__name__[5:50]}{number}")[-1].address == "/done"
    return peers


def failed(replies):
    assert replies[-1].address == "/fail", replies
    return replies[-1].args[2]


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
    assert "no model" in failed(two[0].ask("/sound/randomize_z", "a"))


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
        assert "no sound file" in failed(peer.ask("/sound/match", "m", other))


def test_sessions_are_those_of_the_room(two):
    assert two[0].ask("/session/save", "evening")[-1].address == "/done"
    assert [peer.ask("/session/list")[0].args for peer in two] == [["evening"], []]


def test_a_target_of_another_room_cannot_be_cancelled(two):
    two[0].send("/sound/hallucinate", "long", 400, 20)
    assert two[0].receive().address == "/progress"
    assert "nothing with the target" in failed(two[1].ask("/cancel", "long"))
    assert two[1].ask("/status")[0].args[2:4] == [0, "-"]
    two[0].send("/cancel", "long")
    ends = [reply.args for _ in range(2) for reply in two[0].receive_end()[-1:]]
    assert sorted(ends) == [["/cancel", "long"], ["/sound/hallucinate", "long", "cancelled"]]


def test_other_machines_have_rooms_of_their_own_and_two_programs_of_one_share_it(roomed):
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.3")
    joined = [Peer(roomed.port, host=host).ask("/room")[0].args for host in hosts]
    assert joined == [["main"], ["at-127.0.0.2"], ["at-127.0.0.2"], ["at-127.0.0.3"]]


def test_pictures_are_those_of_the_main_room(two):
    assert "/room main" in failed(two[0].ask("/image/status"))
    assert "/room main" in failed(two[0].ask("/image/truncation", 0.5))


@pytest.mark.parametrize("name", ["", "..", "a/b", "nul", "x" * 61, ".", "\u0301a"])
def test_a_room_has_a_plain_name(two, name):
    assert re.search("name must|room", failed(two[0].ask("/room", name)))


@pytest.mark.parametrize("name", ["राम", "น้ำ", "\U0001d4b3" * 60])
def test_a_room_is_named_in_any_script(name):
    assert plain(name) == name


def test_an_accent_that_follows_its_letter_is_the_one_within_it():
    assert plain("Jose\u0301") == plain("JOS\u00c9") == "jos\u00e9"


def test_upper_and_lower_case_are_one_room(two):
    assert [two[0].ask("/room", name)[0].args for name in ("Anna", "anna")] == [["anna"], ["anna"]]


def test_a_server_without_rooms_says_so(band_server):
    assert "--rooms" in failed(band_server.send("/room", "anna"))


def test_each_client_can_have_a_room_of_its_own(start_server, band):
    server = start_server("--rooms", "client", "--load", "band", models=band)
    first, second = server.peer(), server.peer()
    assert first.ask("/room")[0].args != second.ask("/room")[0].args
    first.ask("/sound/randomize_z", "a")
    assert "no slot" in failed(second.ask("/sound/synthesize", "a", "t", 60))


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


def ages(age_s):
    """Times for `os.utime`."""
    return (time.time() - age_s,) * 2


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


def test_rooms_take_turns_whatever_a_room_has_of_clients():
    queue = FairQueue(10)
    for client, room in (("a", "crowd"), ("b", "crowd"), ("c", "crowd"), ("d", "one")):
        queue.put(RecordedRequest("/sound/hallucinate", client, 3, 3, client=client, room=room))
    assert [queue.take().client for _ in range(4)] == ["a", "d", "b", "c"]


def test_a_full_queue_takes_a_place_from_the_fullest_room():
    queue = FairQueue(4)
    for number in range(4):
        queue.put(RecordedRequest("/sound/hallucinate", f"t{number}", 3, 3, client=number, room="crowd"))
    lone = RecordedRequest("/sound/hallucinate", "t", 3, 3, client="x", room="one")
    displaced = queue.put(lone)
    assert (displaced.room, queue.count("crowd"), queue.count("one")) == ("crowd", 3, 1)


def test_live_notes_of_rooms_take_turns():
    queue = FairQueue(10)
    for client, room in (("a", "crowd"), ("b", "crowd"), ("d", "one")):
        queue.put(RecordedRequest("/sound/note", client, "s", 60, client=client, room=room))
    assert [queue.take_live(lambda one: True).client for _ in range(3)] == ["a", "d", "b"]


class Listener:
    def __getattr__(self, name):
        return lambda *args: None


def test_a_model_is_in_memory_once_for_all_rooms_and_read_again_when_none_has_it(tmp_path, band):
    loads, spool = [], WavSpool(tmp_path / "spool")
    catalog = Catalog((band,), lambda folder: loads.append(folder) or gansynth.load(folder))
    store = RoomStore(RoomFolders(tmp_path / "rooms"), spool)
    work = EngineWork(catalog, tmp_path / "state.npz", Listener(), idle=spool.clean, store=store)
    for room in ("a", "b", "c"):
        work.perform(RecordedRequest("/sound/load", "band", sink=WavSink(spool), room=room))
    assert len(loads) == 1
    for room in ("a", "b", "c"):
        work.perform(RecordedRequest("/sound/unload", sink=WavSink(spool), room=room))
    work.perform(RecordedRequest("/sound/load", "band", sink=WavSink(spool), room="a"))
    assert len(loads) == 2


def test_a_full_spool_gives_up_files_of_the_room_that_has_most(tmp_path):
    second = np.zeros(16_000, np.float32)
    spool = WavSpool(tmp_path, limit=4 * 64_200)
    mine = spool.room("a").write([second], 16_000)
    others = [file for _ in range(3) for file in spool.room("b").write([second], 16_000)]
    for age_s, file in ((500, mine[0]), *((400 - place, file) for place, file in enumerate(others))):
        os.utime(file.path, ages(age_s))
    spool.room("a").write([second], 16_000)
    assert [Path(file.path).exists() for file in (*mine, *others)] == [True, False, True, True]


def test_the_list_of_members_holds_no_more_than_addresses_and_names(tmp_path):
    rooms_of(tmp_path, Host()).join(("10.0.0.1", 4), "r")
    assert json.loads((tmp_path / "rooms" / ".members.json").read_text()) == {"members": [[["10.0.0.1", 4], "r"]]}


@pytest.fixture(scope="module")
def engines(tmp_path_factory, band):
    """A server whose rooms are in two other processes."""
    server = RunningServer(tmp_path_factory.mktemp("engines"), band, "--rooms", "--engines", "2", "--load", "band")
    yield from running_with(server, "band")


def joined(server, *names):
    peers = [server.peer(30) for _ in names]
    for peer, name in zip(peers, names, strict=True):
        assert peer.ask("/room", name)[-1].address == "/done"
    return peers


def children(server):
    """The processes that a server has started (Linux)."""
    found = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return [int(number) for path in found for number in path.read_text().split() if engine_of(number)]


def engine_of(number):
    return b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes()


def test_rooms_in_processes_of_their_own_answer_at_one_address(engines):
    peers = joined(engines, "p1", "p2", "p3")
    slots = [peer.ask("/sound/randomize_z", "a")[0].args for peer in peers]
    assert len({tuple(slot) for slot in slots}) == 3
    for peer in peers:
        assert peer.ask("/sound/synthesize", "a", "t", 60)[0].address == "/sound/audio"
        assert peer.ask("/status")[0].args[0] == "band"


def test_preferences_hold_in_every_process(engines):
    (peer,) = joined(engines, "p4")
    peer.ask("/notify", 0, 2000)
    peer.ask("/sound/randomize_z", "a")
    assert peer.ask("/sound/synthesize", "a", "t", 60)[0].args[3] == 2000


def test_what_an_engine_that_is_killed_was_asked_for_fails_and_its_rooms_come_back(engines):
    peers = joined(engines, "k1", "k2")
    slots = [peer.ask("/sound/randomize_z", "a")[0] for peer in peers]
    for peer in peers:
        peer.send("/sound/hallucinate", "long", 400, 20)
        assert peer.receive().address == "/progress"
    for number in children(engines):
        os.kill(number, signal.SIGKILL)
    assert ["ended" in failed(peer.receive_end()) for peer in peers] == [True, True]
    for peer, slot in zip(peers, slots, strict=True):
        while (reply := peer.ask("/sound/slerp_z", "a", "a", "a", 0.0)[0]).address == "/fail":
            time.sleep(0.1)
        assert reply == slot


def test_a_room_whose_engine_was_killed_has_its_model_again_before_anybody_plays(engines):
    (peer,) = joined(engines, "k3")
    assert peer.ask("/sound/seed", 1)[-1].address == "/done"
    numbers = children(engines)
    for number in numbers:
        os.kill(number, signal.SIGKILL)
    assert until(lambda: not any(map(is_running, numbers)))
    assert until(lambda: peer.ask("/status")[0].args[0] == "band", patience_s=30)


def test_a_killed_server_leaves_no_engine_behind(start_server, band):
    server = start_server("--rooms", "--engines", "2", models=band)
    (peer,) = joined(server, "a")
    peer.ask("/sound/seed", 1)
    numbers = children(server)
    server.kill()
    assert len(numbers) >= 2
    assert until(lambda: not any(is_running(number) and engine_of(number) for number in numbers))


def test_a_server_that_is_stopped_fails_what_its_engines_were_asked_for(start_server, band):
    server = start_server("--rooms", "--engines", "2", "--load", "band", models=band)
    (peer,) = joined(server, "a")
    peer.send("/sound/hallucinate", "long", 400, 20)
    assert peer.receive().address == "/progress"
    assert server.stop() == 0
    assert "stopping" in failed(peer.receive_end())


def test_ctrl_c_while_engines_begin_is_for_the_server_alone(start_server, band):
    server = start_server("--rooms", "--engines", "2", models=band)
    until(lambda: len(children(server)) == 2)
    for number in (*children(server), server.process.pid):
        os.kill(number, signal.SIGINT)
    assert server.process.wait(60) == 130
    assert not [line for line in server.errors if "Traceback" in line or "restarting" in line]


def test_a_server_ends_though_an_engine_stands_still(start_server, band):
    server = start_server("--rooms", "--engines", "2", models=band)
    (peer,) = joined(server, "a")
    peer.ask("/sound/seed", 1)
    numbers = children(server)
    for number in numbers:
        os.kill(number, signal.SIGSTOP)
    try:
        assert server.stop() == 0
        assert not any(is_running(number) and engine_of(number) for number in numbers)
    finally:
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
