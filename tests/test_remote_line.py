"""A line that is slow, cut, or broken, servers and bridges that are killed: every request gets its end, once."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RunningServer
from remote import Home, RunningBridge, remote_port, the_same

SOUND = ("/sound/hallucinate", "trip", 40, 30, 0.05, 0, 0.1, 0.1, 0.1)


@pytest.fixture(scope="module")
def far(tmp_path_factory, band):
    """A line of 50 ms each way, on which one packet of a hundred is lost."""
    found = Home(tmp_path_factory.mktemp("far"), band, "--load", "band", delay_s=0.05, loss=0.01)
    found.bridge.send("/sound/randomize_z", "z")
    yield found
    found.close()


@pytest.fixture(autouse=True)
def whole_again(far):
    """Each test begins with a line that is not cut."""
    far.relay.mend()
    far.bridge.until("found")


def ends_of(peer, seconds):
    """All replies that come within a time."""
    found, end = [], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        peer.socket.settimeout(left)
        try:
            found.append(peer.receive())
        except TimeoutError:
            break
    return found


def test_sounds_come_over_a_slow_line_with_losses(far):
    replies = far.bridge.send(*SOUND)
    assert the_same(replies[-2].args[1], far.server.spool)
    assert replies[-1].args == ["/sound/hallucinate", "trip"]


def test_the_round_trip_is_reported(far):
    assert 0.1 <= far.bridge.send("/status")[0].args[2] < 1.0


def test_a_recording_goes_to_the_server(far, tmp_path):
    recording = tmp_path / "mine with spaces.wav"
    soundfile.write(recording, 0.3 * np.sin(np.arange(500) * 0.4), 1000)
    replies = far.bridge.send("/sound/match", "found", str(recording), 60)
    assert replies[-1].args == ["/sound/match", "found"], replies
    (matched,) = (reply for reply in replies if reply.address == "/sound/matched")
    assert matched.args[:2] == ["found", str(recording)]
    assert far.bridge.send("/sound/note", "n", "found", 60)[-1].address == "/done"


def test_what_was_asked_before_a_cut_comes_once_after_it(far):
    peer = far.bridge.peer()
    peer.send(*SOUND)
    assert peer.receive().address == "/progress"
    far.relay.cut()
    far.bridge.until("cut")
    time.sleep(1)
    far.relay.mend()
    replies = peer.receive_end()
    assert the_same(replies[-2].args[1], far.server.spool)
    assert replies[-1].address == "/done"
    assert not [reply for reply in ends_of(peer, 0.5) if reply.address != "/progress"]


def test_while_the_line_is_cut_every_request_fails_at_once_and_status_says_why(far):
    far.relay.cut()
    far.bridge.until("cut")
    for message in (("/sound/note", "n", "z", 60), SOUND, ("/image/jitter", 0.5)):
        begin = time.monotonic()
        (end,) = far.bridge.send(*message)
        assert (end.address, end.args[0]) == ("/fail", message[0])
        assert f"the line to 127.0.0.1:{far.relay.port} is cut; reconnecting" in end.args[2]
        assert time.monotonic() - begin < 3
    line, end = far.bridge.send("/status")
    assert (line.args[0], end.address) == ("cut", "/fail")


def test_a_note_that_was_under_way_when_the_line_was_cut_fails_and_does_not_come_late(far):
    far.relay.cut()
    peer = far.bridge.peer()
    peer.send("/sound/note", "n", "z", 60)
    assert "is cut; reconnecting" in peer.receive_end()[-1].args[2]
    far.relay.mend()
    far.bridge.until("found")
    assert peer.is_silent(1.0)


def test_a_client_may_say_where_its_replies_go_while_the_line_is_cut(far):
    far.relay.cut()
    far.bridge.until("cut")
    asking, listening = far.bridge.peer(), far.bridge.peer()
    asking.send("/notify", listening.port)
    assert listening.receive().address == "/done"
    far.relay.mend()
    far.bridge.until("found")
    asking.send("/sound/synthesize", "z", "n", 60)
    assert listening.receive_end()[-1].args == ["/sound/synthesize", "n"]


def test_a_line_that_breaks_again_and_again_loses_and_doubles_nothing(far):
    peer = far.bridge.peer()
    for number in range(12):
        peer.send("/sound/hallucinate", f"s{number}", 10, 4, 0.02, 0, 0.1, 0.1, 0.1)
        if number % 3 == 0:
            far.relay.reset()
    replies = []
    while sum(reply.address in ("/done", "/fail") for reply in replies) < 12:
        replies.append(peer.receive())
    replies += ends_of(peer, 0.5)
    audio = [reply.args for reply in replies if reply.address == "/sound/audio"]
    assert Counter(args[0] for args in audio) == Counter(f"s{number}" for number in range(12))
    assert all(the_same(args[1], far.server.spool) for args in audio)


def test_a_note_does_not_wait_for_a_long_sound_on_a_thin_line(far, tmp_path):
    server = far.server
    recording = tmp_path / "noise.wav"
    soundfile.write(recording, np.random.default_rng(0).uniform(-1, 1, 200_000), 1000, "FLOAT")
    far.relay.bytes_per_s = 100_000
    try:
        slow, quick = far.bridge.peer(), far.bridge.peer()
        # 800 kB up, which take 8 s.
        slow.send("/sound/match", "found", str(recording), 60)
        time.sleep(0.5)
        assert quick.ask("/sound/note", "n", "z", 60)[-1].address == "/done"
        assert slow.is_silent(0.1)
        assert quick.ask("/sound/note", "n", "z", 61)[-1].address == "/done"
    finally:
        far.relay.bytes_per_s = None
    assert slow.receive_end()[-1].address in ("/done", "/fail")
    assert server.process.poll() is None


def test_a_server_that_is_restarted_is_found_again_and_what_was_open_fails(tmp_path, band):
    home = Home(tmp_path, band, "--load", "band")
    try:
        asking, listening = home.bridge.peer(), home.bridge.peer()
        asking.send("/notify", listening.port)
        assert listening.receive().address == "/done"
        port = remote_port(home.server)
        os.kill(home.server.process.pid, signal.SIGSTOP)
        asking.send(*SOUND)
        time.sleep(0.2)
        home.server.kill()
        home.server = RunningServer(tmp_path, band, "--load", "band", "--remote", str(port))
        end = listening.receive_end()[-1]
        assert (end.address, end.args[:2]) == ("/fail", ["/sound/hallucinate", "trip"])
        assert "the server was restarted" in end.args[2]
        home.bridge.until("found")
        while home.bridge.send("/status")[1].args[0] != "band":
            time.sleep(0.1)
        # The new server knows the port from the bridge, and the slots from its state file.
        asking.send("/sound/randomize_z", "z")
        assert listening.receive_end()[-1].args == ["/sound/randomize_z"]
    finally:
        home.close()


def test_a_bridge_that_stops_fails_what_is_open(far, tmp_path):
    other = RunningBridge(tmp_path / "other", far.relay.port, "--key", far.key).until("found")
    peer = other.peer()
    peer.send(*SOUND)
    peer.receive()
    other.process.terminate()
    assert peer.receive_end()[-1].args == ["/sound/hallucinate", "trip", "the bridge is stopping"]
    assert other.process.wait(10) == 0


def test_a_bridge_that_finds_no_server_says_one_sentence_and_answers(tmp_path, far):
    bridge = RunningBridge(tmp_path / "home", 9, "--key", far.key)
    try:
        line, end = bridge.send("/status")
        sentence = "no answer from 127.0.0.1:9: does `hallu serve --remote` run there, is the port open, and is the key"
        assert (line.args[0], end.address) == ("searching", "/fail")
        assert end.args[2].startswith(sentence)
        assert bridge.send("/sound/note", "n", "z", 60)[-1].args[2].startswith(sentence)
        assert bridge.until_said(sentence)
        assert Path(bridge.spool).is_dir()
    finally:
        bridge.kill()
