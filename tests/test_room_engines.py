"""Rooms in processes of their own."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from conftest import PATIENCE_S, RunningServer, running_with
from replies import reason
from waiting import until

from core.processes import is_running


@pytest.fixture(scope="module")
def engines(tmp_path_factory, band):
    """A server whose rooms are in two other processes."""
    server = RunningServer(tmp_path_factory.mktemp("engines"), band, "--rooms", "--engines", "2", "--load", "band")
    yield from running_with(server, "band")


def joined(server, *names):
    peers = [server.peer() for _ in names]
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
    assert ["ended" in reason(peer.receive_end()) for peer in peers] == [True, True]
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
    assert until(lambda: peer.ask("/status")[0].args[0] == "band")


def test_the_uptime_is_the_servers_also_after_an_engine_was_killed(engines):
    (peer,) = joined(engines, "u1")
    before_s = peer.ask("/status")[0].args[4]
    for number in children(engines):
        os.kill(number, signal.SIGKILL)
    until(lambda: peer.ask("/status")[0].address == "/status.reply", "the engine does not come back")
    assert peer.ask("/status")[0].args[4] > before_s


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
    assert "stopping" in reason(peer.receive_end())


def test_ctrl_c_while_engines_begin_is_for_the_server_alone(start_server, band):
    server = start_server("--rooms", "--engines", "2", models=band)
    until(lambda: len(children(server)) == 2)
    for number in (*children(server), server.process.pid):
        os.kill(number, signal.SIGINT)
    assert server.process.wait(PATIENCE_S) == 130
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
