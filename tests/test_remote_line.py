"""A line that is slow, cut, or broken, servers and bridges that are killed: every request gets its end, once."""

import os
import signal
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from conftest import RunningServer
from remote import Home, RunningBridge, remote_port, the_same
from waiting import PATIENCE_S

SOUND = ("/sound/hallucinate", "trip", 40, 30, 0.05, 0, 0.1, 0.1, 0.1)


@pytest.fixture(scope="module")
def far(tmp_path_factory, band):
    """A line of 50 ms each way, on which one packet of a hundred is lost."""
    found = Home(tmp_path_factory.mktemp("far"), band, "--load", "band", delay_s=0.05, loss=0.01)
    found.bridge.send("/sound/randomize_z", "z")
    yield found
    found.close()


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
    assert far.bridge.send("/status")[0].args[2] >= 0.1


def test_a_recording_goes_to_the_server(far, tmp_path):
    recording = tmp_path / "mine with spaces.wav"
    soundfile.write(recording, 0.3 * np.sin(np.arange(500) * 0.4), 1000)
    replies = far.bridge.send("/sound/match", "found", str(recording), 60)
    assert replies[-1].args == ["/sound/match", "found"], replies
    (matched,) = (reply for reply in replies if reply.address == "/sound/matched")
    assert matched.args[:2] == ["found", str(recording)]
    assert far.bridge.send("/sound/note", "n", "found", 60)[-1].address == "/done"


MEANWHILE = (("/sound/note", "n", "z", 60), SOUND, ("/image/jitter", 0.5))


@pytest.fixture(scope="module")
def cut(far):
    """What happened to requests before, while and after the line was cut."""
    long, note, asking, listening = (far.bridge.peer() for _ in range(4))
    long.send(*SOUND)
    assert long.receive().address == "/progress"
    far.relay.cut()
    note.send("/sound/note", "n", "z", 60)
    far.bridge.until("cut")
    asking.send("/notify", listening.port)
    found = SimpleNamespace(
        note=note.receive_end()[-1],
        meanwhile={message[0]: far.bridge.send(*message) for message in MEANWHILE},
        status=far.bridge.send("/status"),
        notified=listening.receive(),
    )
    far.relay.mend()
    far.bridge.until("found")
    found.long = long.receive_end()
    found.later = [reply for reply in ends_of(long, 0.5) if reply.address != "/progress"]
    found.note_is_silent = note.is_silent()
    asking.send("/sound/synthesize", "z", "n", 60)
    found.elsewhere = listening.receive_end()[-1]
    return found


def test_what_was_asked_before_a_cut_comes_once_after_it(far, cut):
    assert the_same(cut.long[-2].args[1], far.server.spool)
    assert cut.long[-1].address == "/done"
    assert cut.later == []


@pytest.mark.parametrize("message", MEANWHILE, ids=[message[0] for message in MEANWHILE])
def test_while_the_line_is_cut_a_request_fails_at_once(far, cut, message):
    (end,) = cut.meanwhile[message[0]]
    assert (end.address, end.args[0]) == ("/fail", message[0])
    assert f"the line to 127.0.0.1:{far.relay.port} is cut; reconnecting" in end.args[2]


def test_status_says_that_the_line_is_cut(cut):
    line, end = cut.status
    assert (line.address, line.args[0], end.address) == ("/status.line", "cut", "/fail")


def test_a_note_that_was_under_way_when_the_line_was_cut_fails_and_does_not_come_late(cut):
    assert "is cut; reconnecting" in cut.note.args[2]
    assert cut.note_is_silent


def test_a_client_may_say_where_its_replies_go_while_the_line_is_cut(cut):
    assert cut.notified.address == "/done"
    assert cut.elsewhere.args == ["/sound/synthesize", "n"]


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
    soundfile.write(recording, np.random.default_rng(0).uniform(-1, 1, 1_000_000), 1000, "FLOAT")
    far.relay.bytes_per_s = 100_000
    try:
        slow, quick = far.bridge.peer(), far.bridge.peer()
        # 4 MB up, which would take 40 s.
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
    assert other.process.wait(PATIENCE_S) == 0


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
