"""A Pd at home that plays a server elsewhere: `hallu bridge`, over real sockets."""

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import SMALL, RunningServer
from drop_in import assert_at_level
from remote import Home, RunningBridge, key_for, remote_port, the_same
from waiting import PATIENCE_S

PITCHES = (24, 30)


@pytest.fixture(scope="module")
def home(tmp_path_factory, models):
    found = Home(tmp_path_factory.mktemp("elsewhere"), models, "--load", SMALL.name)
    while found.bridge.send("/status")[1].args[0] == "-":
        time.sleep(0.1)
    found.bridge.send("/sound/randomize_z", "z", "y")
    yield found
    found.close()


@pytest.fixture
def bridge(home):
    return home.bridge


def test_status_says_what_the_line_does_and_then_what_the_server_does(bridge, home):
    line, reply, done = bridge.send("/status")
    assert (line.address, line.args[:2]) == ("/status.line", ["found", f"127.0.0.1:{home.relay.port}"])
    assert line.args[2] > 0
    assert (reply.address, reply.args[0], done.address) == ("/status.reply", SMALL.name, "/done")


def test_a_wav_comes_home_bit_by_bit(bridge, home):
    replies = bridge.send("/sound/hallucinate", "trip", 3, 2)
    (audio,) = (reply.args for reply in replies if reply.address == "/sound/audio")
    target, path, frames, rate = audio
    assert (target, Path(path).parent) == ("trip", bridge.spool)
    assert the_same(path, home.server.spool)
    assert (soundfile.info(path).frames, soundfile.info(path).samplerate) == (frames, rate)
    assert [reply.address for reply in replies[-2:]] == ["/sound/audio", "/done"]
    assert "/progress" in [reply.address for reply in replies]


def test_a_note_has_its_head_first_and_both_files_are_here(bridge, home):
    head, audio, done = bridge.send("/sound/note", "n", "z", 24)
    assert (head.address, audio.address, done.args) == ("/sound/head", "/sound/audio", ["/sound/note", "n"])
    assert the_same(head.args[1], home.server.spool)
    assert the_same(audio.args[1], home.server.spool)


def test_a_note_that_is_played_again_does_not_travel_again(bridge, home):
    first = bridge.send("/sound/note", "n", "z", 25)
    before = home.relay.bytes
    again = bridge.send("/sound/note", "n", "z", 25)
    assert again == first
    assert home.relay.bytes - before < 4000


def test_a_sound_that_was_deleted_here_is_sent_again(bridge, home):
    first = bridge.send("/sound/note", "n", "z", 26)
    for reply in first[:2]:
        Path(reply.args[1]).unlink()
    assert bridge.send("/sound/note", "n", "z", 26) == first
    assert the_same(first[0].args[1], home.server.spool)
    assert the_same(first[1].args[1], home.server.spool)


def test_a_sound_that_was_deleted_at_both_ends_is_named(bridge, home):
    head, sound, _ = bridge.send("/sound/note", "n", "z", 27)
    Path(sound.args[1]).unlink()
    for reply in (head, sound):
        (home.server.spool / Path(reply.args[1]).name).unlink()
    # The server writes another one.
    assert Path(bridge.send("/sound/note", "n", "z", 27)[1].args[1]).is_file()


def test_each_client_gets_its_own_replies(bridge):
    peers = [bridge.peer() for _ in range(4)]
    for number, peer in enumerate(peers):
        peer.send("/sound/synthesize", "z", f"mine{number}", 24)
    for number, peer in enumerate(peers):
        assert [reply.args[:2][-1] for reply in peer.receive_end()][-1] == f"mine{number}"
        assert peer.is_silent(0.05)


def test_replies_and_rate_follow_notify(bridge):
    asking, listening = bridge.peer(), bridge.peer()
    asking.send("/notify", listening.port, 8000)
    assert listening.receive().args == ["/notify"]
    asking.send("/sound/synthesize", "z", "n", 24)
    audio = listening.receive()
    assert (audio.args[3], soundfile.info(audio.args[1]).samplerate) == (8000, 8000)
    assert asking.is_silent()


def test_the_level_that_a_client_asks_for_is_the_servers(bridge, home):
    sounds = []
    for level in (0, 1):
        peer = bridge.peer()
        peer.ask("/notify", 0, 0, level)
        sounds.append(soundfile.read(peer.ask("/sound/synthesize", "z", "n", 24)[0].args[1], dtype="float32")[0])
    assert_at_level(home.server, sounds[1], sounds[0])


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (("/sound/nonsense",), "unknown address"),
        (("/sound/synthesize", "z", "n", 3), "has no pitch 3"),
        (("/sound/note", "n", "nowhere", 24), "nowhere"),
        (("/sound/load", "../../etc"), "../../etc"),
        (("/sound/match", "z", "recording.wav"), "path must be absolute"),
        (("/sound/match", "z", "/nowhere/recording.wav"), "there is no /nowhere/recording.wav"),
        (("/sound/match", "z"), "needs 2 to 3 arguments"),
        (("/image/jitter", 0.5), "no renderer is connected"),
    ],
)
def test_what_is_wrong_is_said(bridge, message, reason):
    end = bridge.send(*message)[-1]
    assert (end.address, end.args[0]) == ("/fail", message[0])
    assert reason in end.args[2]


def test_bytes_that_are_not_osc_are_answered(bridge):
    peer = bridge.peer()
    peer.send_bytes(b"note 1 2;\n")
    assert "this is Pd's text" in peer.receive_end()[-1].args[2]


def test_a_file_that_is_no_recording_is_named_as_here(bridge, tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    end = bridge.send("/sound/match", "found", str(tmp_path / "text.wav"))[-1]
    assert end.address == "/fail"
    assert str(tmp_path / "text.wav") in end.args[2]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that opens and cannot be read")
def test_a_recording_that_cannot_be_read_is_named(bridge):
    assert bridge.send("/sound/match", "found", "/proc/self/mem")[-1].args[2] == "/proc/self/mem: Input/output error"


def test_a_recording_that_is_too_long_stays_here(bridge, tmp_path, home):
    with (tmp_path / "long.wav").open("wb") as file:
        file.truncate(200 << 20)
    before = home.relay.bytes
    end = bridge.send("/sound/match", "found", str(tmp_path / "long.wav"))[-1]
    assert "at most 100 MB can go to the server" in end.args[2]
    assert home.relay.bytes - before < 10_000


def test_a_sound_of_the_server_is_looped_without_being_sent_back(bridge, home):
    path = bridge.send("/sound/note", "n", "z", 27)[1].args[1]
    before = home.relay.bytes
    looped, done = bridge.send("/sound/loop", "n", path)
    assert (looped.address, done.args) == ("/sound/looped", ["/sound/loop", "n"])
    assert home.relay.bytes - before < 4000


def test_files_of_the_servers_machine_cannot_be_named(home, tmp_path):
    """A bridge that asks for a path there gets nothing of it."""
    from server.osc.packet import Message, encode
    from server.remote.wire import Kind, Part

    secret = tmp_path / "secret.wav"
    soundfile.write(secret, np.zeros(1000), 16000)
    line, heard = raw_line(home)
    datagram = encode(Message("/sound/loop", ("n", str(secret))))
    for file in ({}, {"file": {"name": f"../../{secret.name}"}}, {"file": {"name": str(secret)}}):
        line.channel.push("x", [Part(Kind.OSC, {"id": 1, "sender": ["127.0.0.1", 5], **file}, datagram)])
        part = heard()
        assert part.payload.startswith(b"/fail")
    line.close()


def raw_line(home):
    """A line without a bridge, and what waits for its next message."""
    from renderer.ipc import keys
    from server.remote.line import Line

    line = Line(f"127.0.0.1:{home.relay.port}", keys.read(home.key), lambda new: None, lambda: None, lambda: None)

    def heard():
        for _ in range(100 * round(PATIENCE_S)):
            line.turn(time.monotonic())
            line.socket.poll(10)
            for part in line.receive():
                return part
        raise AssertionError("nothing was heard")

    while not line.found:
        line.turn(time.monotonic())
        line.socket.poll(10)
        list(line.receive())
    return line, heard


def test_a_stream_is_played_from_here(bridge):
    peer, steering = bridge.peer(), bridge.peer()
    peer.send("/sound/stream", "s", 1, 0.5, 0, 0.5, 0.5, 0.5, 24)
    end_frame, rate, parts = 0, 1, []
    while end_frame < 3 * rate:
        segment = peer.receive()
        assert segment.address == "/sound/segment", segment
        _, index, path, frames, rate, start = segment.args
        assert (index, start, soundfile.info(path).frames) == (len(parts), end_frame, frames)
        parts.append(path)
        end_frame = start + frames
        steering.ask("/sound/stream_position", "s", end_frame / rate)
    assert steering.ask("/sound/stream_stop", "s")[-1].address == "/done"
    stopping = threading.Event()

    def play():
        while not stopping.wait(0.05):
            steering.ask("/sound/stream_position", "s", end_frame / rate)

    threading.Thread(target=play, daemon=True).start()
    while (last := peer.receive()).address in ("/sound/segment", "/sound/underruns"):
        end_frame = last.args[5] + last.args[3] if last.address == "/sound/segment" else end_frame
    stopping.set()
    assert (last.address, last.args) == ("/done", ["/sound/stream", "s"])


def test_sessions_are_kept_there(bridge, home):
    assert bridge.send("/session/save", "evening")[-1].address == "/done"
    assert bridge.send("/session/list")[0].args == ["evening"]
    assert (home.folder / "sessions" / "evening").is_dir()
    assert bridge.send("/session/load", "evening")[-1].address == "/done"
    assert bridge.send("/session/delete", "evening")[-1].address == "/done"


def test_a_request_is_cancelled_from_here(bridge):
    working, cancelling = bridge.peer(), bridge.peer()
    working.send("/sound/hallucinate", "endless", 100, 100, 0.05, 0, 0.1, 0.1, 0.1)
    assert working.receive().address == "/progress"
    assert cancelling.ask("/cancel", "endless")[-1].address == "/done"
    assert working.receive_end()[-1].args == ["/sound/hallucinate", "endless", "cancelled"]


def test_a_second_bridge_plays_the_same_server_with_a_key_of_its_own(bridge, home, tmp_path):
    key = key_for(home.folder / "keys", tmp_path, "friend")
    other = RunningBridge(tmp_path / "friend", home.relay.port, "--key", key).until("found")
    try:
        ends = [one.send("/sound/synthesize", "z", "n", 24) for one in (other, bridge)]
        assert [reply.address for reply in ends[0]] == ["/sound/audio", "/done"]
        assert Path(ends[0][0].args[1]).read_bytes() == Path(ends[1][0].args[1]).read_bytes()
        assert Path(ends[0][0].args[1]).parent == other.spool
    finally:
        other.kill()


def test_hallu_send_plays_through_the_bridge(bridge, hallu):
    found = hallu("send", "--port", bridge.port, "/sound/synthesize", "z", "n", "24")
    assert found.returncode == 0
    assert found.stdout.splitlines()[0].startswith(f"/sound/audio n {bridge.spool.as_posix()}/hallu-")


def test_the_server_keeps_playing_for_its_own_machine(home, bridge):
    assert home.server.send("/sound/synthesize", "z", "n", 24)[0].args[1].startswith(home.server.spool.as_posix())


def test_many_messages_at_once_each_get_their_end(bridge):
    peer = bridge.peer()
    for number in range(300):
        peer.send("/sound/set_z", f"s{number % 8}", *np.zeros(64))
        if number % 50 == 49:
            time.sleep(0.02)
    ends = [peer.receive().address for _ in range(300)]
    assert set(ends) <= {"/done", "/fail"}


def test_a_bridge_that_is_killed_leaves_the_server_playing(home, tmp_path):
    other = RunningBridge(tmp_path / "other", home.relay.port, "--key", home.key).until("found")
    other.peer().send("/sound/hallucinate", "lost", 30, 10)
    other.kill()
    assert home.bridge.send("/sound/note", "n", "z", 24)[-1].address == "/done"
    assert not [path for path in other.spool.glob("*.wav") if not the_same(path, home.server.spool)]


def test_a_bridge_says_when_its_port_is_taken(bridge, home, hallu):
    found = hallu("bridge", "127.0.0.1:9", "--key", home.key, "--port", bridge.port)
    assert (found.returncode, found.stderr.count("\n")) == (1, 1)
    assert f"cannot listen on 127.0.0.1:{bridge.port}" in found.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ("somewhere", "--key", "none.key"),
            "there is no key file none.key; `hallu keys add NAME` on the server makes",
        ),
        (
            ("somewhere", "--no-key"),
            "--no-key is for a server on this machine, such as the end of ssh -L, not somewhere",
        ),
        (("some/where",), "a server must be HOST or HOST:PORT, not 'some/where'"),
        (("somewhere:99999",), "a server must be HOST or HOST:PORT"),
    ],
)
def test_wrong_words_are_explained(hallu, tmp_path, words, reason):
    found = hallu("bridge", *words, cwd=tmp_path)
    assert found.returncode == 1
    assert reason in found.stderr


def test_without_keys_bridges_connect_from_the_same_machine(tmp_path, models):
    server = RunningServer(tmp_path, models, "--remote", "0", "--no-keys")
    bridge = RunningBridge(tmp_path / "home", remote_port(server), "--no-key")
    try:
        assert bridge.until("found").send("/status")[-1].address == "/done"
        assert server.stop() == 0
        assert bridge.until("cut")
    finally:
        bridge.kill()
        server.kill()


def test_a_note_for_which_there_was_no_room_comes_when_there_is(home, models):
    bridge = RunningBridge(home.folder / "full", home.relay.port, "--key", home.key).until("found")
    try:
        bridge.spool.rmdir()
        bridge.spool.touch()
        assert "did not come home" in bridge.send("/sound/note", "n", "z", PITCHES[0])[-1].args[2]
        bridge.spool.unlink()
        replies = bridge.send("/sound/note", "n", "z", PITCHES[0])
        assert replies[-1].address == "/done", (replies, bridge.said)
    finally:
        bridge.kill()
