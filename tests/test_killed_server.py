"""Servers that are killed, and come back where they were."""

import signal

import pytest


def z_of(server, slot):
    """What a slot holds: a slerp from it to itself by nothing."""
    replies = server.send("/sound/slerp_z", slot, slot, "probe", 0)
    assert replies[-1].address == "/done", replies
    return replies[0].args[1:]


def busy(server, target="long"):
    peer = server.peer()
    peer.send("/sound/hallucinate", target, 20, 100, 0.1)
    assert peer.receive().address == "/progress"
    return peer


def test_a_server_killed_within_a_hallucination_comes_back_with_its_state(start_server):
    first = start_server("--load", "magenta_small")
    first.send("/sound/seed", 11)
    slots = {name: first.send("/sound/randomize_z", name)[0].args[1:] for name in ("a", "b", 7)}
    busy(first)
    first.kill()
    second = start_server()
    assert {name: z_of(second, name) for name in slots} == slots
    assert second.send("/status")[0].args[0] == "magenta_small"
    following = second.send("/sound/randomize_z", "x", "y")
    second.send("/sound/seed", 11)
    again = second.send("/sound/randomize_z", "a", "b", "7", "x", "y")
    assert [reply.args[1:] for reply in again[:3]] == list(slots.values())
    # The killed hallucination was never acknowledged, so it has drawn no random numbers.
    assert [reply.args for reply in again[3:5]] == [reply.args for reply in following[:2]]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_server_that_is_stopped_fails_what_it_was_doing(start_server, number, status):
    server = start_server("--load", "magenta_small")
    peer = busy(server)
    waiting = server.peer()
    waiting.send("/sound/randomize_z", "later")
    assert server.send("/status")[0].args[2] == 1
    assert server.stop(number) == status
    assert peer.receive_end()[-1].args == ["/sound/hallucinate", "long", "the server is stopping"]
    assert waiting.receive_end()[-1].args == ["/sound/randomize_z", "-", "the server is stopping"]


def test_a_server_can_be_stopped_while_tensorflow_loads(start_server):
    assert start_server().stop() == 0


def test_a_broken_state_file_is_set_aside(start_server, tmp_path):
    (tmp_path / "state.npz").write_bytes(b"nonsense")
    server = start_server()
    assert server.send("/status")[-1].address == "/done"
    assert (tmp_path / "state.npz.broken").read_bytes() == b"nonsense"
