"""A real server over a real socket: commands work, and no datagram stops it."""

import random
import socket
import struct
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import DATA, RunningServer, datagram
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parts import need_ipv6
from pythonosc.udp_client import SimpleUDPClient
from waiting import PATIENCE_S

from core.commands.table import REPLIES, TABLE
from server.osc.client import Client

ADDRESSES = [spec.address for spec in TABLE if spec.address not in ("/notify", "/sound/unload")]
ARGUMENTS = st.one_of(
    st.integers(-(2**31), 2**31 - 1),
    st.floats(width=32),
    st.sampled_from(["", "a", "..", "/etc/passwd", "x" * 3000, "%n%s", "Käfer", "-"]),
    st.booleans(),
    st.just(b"blob"),
)
SLOWLY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def victim(tmp_path_factory, models):
    """A server for the rough tests alone, since they leave slots behind."""
    running = RunningServer(tmp_path_factory.mktemp("victim"), models, "--load", "magenta_small", "--no-page")
    assert running.send("/sound/seed", 1)[-1].address == "/done"
    yield running
    running.stop()


@pytest.fixture
def peer(server):
    return server.peer()


@pytest.fixture(autouse=True, scope="module")
def survives(victim):
    yield
    assert victim.send("/status")[-1] == ("/done", ["/status"])
    assert victim.process.poll() is None


def test_a_client_of_localhost_is_answered_on_ipv6_too(server):
    need_ipv6()
    with Client("::1", server.port, 30) as client:
        assert [reply.address for reply in client.ask("/status")] == ["/status.reply", "/done"]


def test_status_replies_in_the_contracts_order(peer):
    status, done = peer.ask("/status")
    model, components, waiting, busy, uptime_s, version = status.args
    assert (status.address, model, components, waiting, busy) == ("/status.reply", "magenta_small", "-", 0, "-")
    assert uptime_s > 0
    assert version.count(".") >= 2
    assert done == ("/done", ["/status"])


def test_status_is_answered_before_the_model_is_there(start_server):
    status, _ = start_server("--load", "magenta_small").send("/status")
    assert status.args[0] == "-"


def test_stop_without_a_target_is_answered(peer):
    (reply,) = peer.ask("/sound/stop")
    assert (reply.address, list(reply.args)) == ("/done", ["/sound/stop"])


def test_load_tells_length_rate_latent_size_and_pitches(peer):
    loaded, level, done = peer.ask("/sound/load", "magenta_small")
    assert loaded == ("/sound/loaded", ["magenta_small", 64000, 16000, 64, *range(24, 85)])
    assert level.address == "/sound/level" and level.args[0] == "magenta_small"
    assert done == ("/done", ["/sound/load"])


@pytest.mark.parametrize("name", ["/etc", "../../../etc", "nothing", "gansynth", 5])
def test_load_stays_inside_the_models_folders(peer, name):
    (fail,) = peer.ask("/sound/load", name)
    assert fail.args[:2] == ["/sound/load", "-"]
    assert "--models" in fail.args[2]


def test_a_note_is_what_magenta_makes(peer):
    reference = np.load(DATA / "magenta_small" / "reference.npz")
    z, pitch, wave = reference["z"][0], int(reference["pitches"][0]), reference["waves"][0]
    assert peer.ask("/sound/set_z", "ref", *map(float, z))[-1].address == "/done"
    audio, done = peer.ask("/sound/synthesize", "ref", "sound", float(pitch))
    ours, rate = soundfile.read(audio.args[1], dtype="float32")
    assert (done.args, rate, audio.args[2]) == (["/sound/synthesize", "sound"], 16000, len(ours))
    assert np.linalg.norm(ours - wave.ravel()) / np.linalg.norm(wave) < 1e-3


def test_a_client_of_python_osc_can_play(server):
    with SimpleUDPClient("127.0.0.1", server.port) as client:
        client.send_message("/sound/randomize_z", ["osc"])
        client.send_message("/sound/synthesize", ["osc", "target", 40])
        replies = client.get_messages(timeout=PATIENCE_S)
        addresses = [next(replies).address for _ in range(4)]
    assert addresses == ["/sound/z", "/done", "/sound/audio", "/done"]


def test_several_targets_come_back_in_order(peer):
    peer.ask("/sound/randomize_z", "m0", "m1")
    *audio, done = peer.ask("/sound/synthesize", "m0", "t0", 40, "m1", "t1", 41)
    assert [reply.args[0] for reply in audio] == ["t0", "t1"]
    assert done.args == ["/sound/synthesize", "t0", "t1"]


def test_files_lie_in_the_spool_folder(server, peer):
    peer.ask("/sound/randomize_z", "s")
    audio, _ = peer.ask("/sound/synthesize", "s", "t", 40)
    assert Path(audio.args[1]).parent == server.spool


def test_a_hallucination_reports_progress_and_has_its_length(peer):
    replies = peer.ask("/sound/hallucinate", "song", 2, 2, 0.3, 0, 0.1, 0.2, 0.1)
    assert replies[0].address == "/progress"
    assert [reply.args for reply in replies if reply.address == "/progress"][-1] == ["/sound/hallucinate", "song", 4, 4]
    assert replies[-2].args[2] == 3 * 4800 + 6400
    assert replies[-1] == ("/done", ["/sound/hallucinate", "song"])


def test_notify_resamples_to_the_clients_rate(peer):
    assert peer.ask("/notify", 0, 44100)[-1].address == "/done"
    peer.ask("/sound/randomize_z", "n")
    audio, _ = peer.ask("/sound/synthesize", "n", "t", 40)
    assert audio.args[2:] == [176400, 44100]
    assert soundfile.info(audio.args[1]).frames == 176400


def test_notify_sends_replies_to_another_port(server, peer):
    other = server.peer()
    peer.send("/notify", other.port)
    assert other.receive() == ("/done", ["/notify"])
    peer.send("/status")
    assert other.receive_end()[-1] == ("/done", ["/status"])


def test_notify_without_arguments_brings_replies_back(server, peer):
    peer.send("/notify", server.peer().port)
    assert peer.ask("/notify")[-1] == ("/done", ["/notify"])


def test_notify_is_for_its_sender_alone(server, peer):
    server.peer().send("/notify", server.peer().port, 8000)
    peer.ask("/sound/randomize_z", "n")
    assert peer.ask("/sound/synthesize", "n", "t", 40)[0].args[3] == 16000


def test_commands_are_answered_in_order(peer):
    for number in range(100):
        peer.send("/sound/seed", number) if number % 2 else peer.send("/sound/set_z", "o", *[number / 100] * 64)
    ends = [peer.receive_end()[-1] for _ in range(100)]
    assert [end.args[0] for end in ends] == ["/sound/set_z", "/sound/seed"] * 50
    assert {end.address for end in ends} == {"/done"}


def test_status_and_cancel_are_answered_while_it_generates(server, peer):
    peer.send("/sound/hallucinate", "long", 20, 100, 0.1)
    assert peer.receive().address == "/progress"
    other = server.peer()
    assert other.ask("/status")[0].args[3] == "long"
    assert other.ask("/cancel", "long") == [("/done", ["/cancel", "long"])]
    assert peer.receive_end()[-1] == ("/fail", ["/sound/hallucinate", "long", "cancelled"])


def test_cancel_of_nothing_fails(peer):
    (fail,) = peer.ask("/cancel", "nobody")
    assert fail.args[:2] == ["/cancel", "nobody"]


def test_the_largest_datagram_is_answered(peer):
    peer.send_bytes(datagram("/sound/set_z", "big", *[0.5] * 13090))
    assert peer.receive().args == ["/sound/set_z", "-", "magenta_small needs 64 values per slot, not 13090"]


def test_an_unknown_address_fails_by_name(peer):
    (fail,) = peer.ask("/sound/set_edits", 1.0)
    assert fail.args[:2] == ["/sound/set_edits", "-"]


@pytest.mark.parametrize("address", sorted(REPLIES))
def test_replies_that_come_in_are_not_answered(victim, address):
    peer = victim.peer()
    peer.send(address, "-", "-", "reason")
    peer.send_bytes(datagram(address, 1)[:-4])
    assert peer.ask("/status")[0].address == "/status.reply"


@SLOWLY
@given(st.binary(max_size=300))
def test_random_bytes_are_answered(victim, data):
    peer = victim.peer()
    peer.send_bytes(data)
    replies = peer.ask("/status")
    if not data.startswith((b"/", b"#bundle\0")):
        assert replies[0].args[:2] == ["-", "-"]
    peer.socket.close()


@SLOWLY
@given(st.sampled_from(ADDRESSES), st.lists(ARGUMENTS, max_size=8))
def test_wrong_arguments_get_one_answer(victim, address, args):
    peer = victim.peer()
    end = peer.ask(address, *args)[-1]
    if end.address == "/fail":
        assert end.args[0] == address
        assert 0 < len(end.args[2]) <= 200
    peer.send("/cancel", "nobody at all")
    assert peer.receive().args[1] == "nobody at all"
    peer.socket.close()


@SLOWLY
@given(st.data())
def test_damaged_messages_do_no_harm(victim, data):
    address = data.draw(st.sampled_from(ADDRESSES))
    message = bytearray(datagram(address, "a", 1, 0.5, "b"))
    for place in data.draw(st.lists(st.integers(0, len(message) - 1), max_size=6)):
        message[place] = data.draw(st.integers(0, 255))
    peer = victim.peer()
    peer.send_bytes(bytes(message[: data.draw(st.integers(0, len(message)))]))
    peer.send("/status")
    # Raw, since a name that is not text comes back byte for byte, and python-osc cannot read that.
    assert any(peer.socket.recv(65536).startswith(b"/status.reply\0") for _ in range(10))
    peer.socket.close()


def test_huge_datagrams_of_noise_are_answered(victim):
    peer, noise = victim.peer(), random.Random(3)
    for _ in range(5):
        peer.send_bytes(noise.randbytes(65507))
        assert peer.receive().address == "/fail"


def wait_for_an_empty_queue(peer):
    """The tests before leave work behind."""
    deadline = time.monotonic() + PATIENCE_S
    while peer.ask("/status")[0].args[2:4] != [0, "-"]:
        assert time.monotonic() < deadline, "the queue did not empty"
        time.sleep(0.05)


def test_a_flood_leaves_an_answering_server(victim):
    data = datagram("/sound/randomize_z", "flood")

    def flood():
        sender = victim.peer()
        for _ in range(1500):
            sender.send_bytes(data)

    floods = [threading.Thread(target=flood) for _ in range(2)]
    for thread in floods:
        thread.start()
    for thread in floods:
        thread.join()
    peer = victim.peer()
    assert peer.ask("/status")[-1] == ("/done", ["/status"])


def test_many_datagrams_that_cannot_be_answered_write_few_lines(victim):
    """A source port of 0 in a datagram, as nobody but a forger sends it, through a raw socket."""
    before = len(victim.errors)
    with raw_udp() as forger:
        for _ in range(200):
            forger.sendto(from_port_0(victim.port, datagram("/status")), ("127.0.0.1", 0))
    assert victim.send("/status")[-1].address == "/done"
    assert len(victim.errors) - before <= 10


def raw_udp():
    try:
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("raw sockets are for root")


def from_port_0(port, data):
    return struct.pack(">HHHH", 0, port, 8 + len(data), 0) + data


def test_a_full_queue_fails_what_is_too_much(victim):
    peer = victim.peer()
    wait_for_an_empty_queue(peer)
    # The fuzz before may have sent /sound/unload.
    assert peer.ask("/sound/load", "magenta_small")[-1].address == "/done"
    peer.send("/sound/hallucinate", "plug", 20, 100, 0.1)
    assert peer.receive().address == "/progress"
    other = victim.peer()
    for _ in range(300):
        other.send("/sound/seed", 1)
    assert "queue is full" in other.receive().args[2]
    peer.ask("/cancel", "plug")
    ends = [other.receive() for _ in range(299)]
    assert sum(end.address == "/done" for end in ends) == 256
