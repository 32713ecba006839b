"""Messages to renderers over ZeroMQ, and their answers: a real server, real sockets."""

import json
import os
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import zmq
from conftest import RunningServer, free_pair, running_with
from waiting import PATIENCE_S

from core.audio.features import FEATURE_RATE, features
from core.audio.levels import gain
from renderer.ipc import messages
from renderer.ipc.keys import pair
from server.link.keyring import Keyring
from server.link.publisher import Publisher
from server.link.replay_cache import ReplayCache, encode_samples
from server.sounds.rendered import RenderedSound

PATIENCE_MS = 20_000


class Renderer:
    """A peer on the server's two sockets."""

    def __init__(self, port, keys=None, most_unread=1000):
        self.context = zmq.Context()
        self.receiver, self.sender = self.context.socket(zmq.SUB), self.context.socket(zmq.PUSH)
        self.receiver.rcvhwm = most_unread
        for socket in (self.receiver, self.sender) if keys else ():
            keys.secure(socket)
        self.receiver.connect(f"tcp://127.0.0.1:{port}")
        self.sender.connect(f"tcp://127.0.0.1:{port + 1}")
        self.receiver.subscribe(b"")

    def join(self):
        """Send hello until the server has received it; returns what the server sends then."""
        for _ in range(5 * round(PATIENCE_S)):
            self.send("hello", {"name": "test", "version": "0"})
            # A welcome that came before the subscription is lost, and what else is published must not be waited for.
            if self._next("welcome", 0.2):
                return self
        # A context that is left to the garbage collector together with its sockets waits for them for ever.
        self.close()
        raise AssertionError("no welcome")

    def send(self, topic, fields=None):
        self.sender.send_multipart(messages.encode(topic, fields))

    def receive(self, topic):
        """The next event with this topic; others are passed over."""
        if event := self._next(topic, PATIENCE_MS / 1000):
            return event
        raise AssertionError(f"nothing about {topic}")

    def _next(self, topic, patience_s):
        end_s = time.monotonic() + patience_s
        while self.receiver.poll(max(0, 1000 * (end_s - time.monotonic()))):
            event = messages.decode(self.receiver.recv_multipart())
            if event.topic == topic:
                return event
        return None

    def close(self):
        self.context.destroy(linger=0)


@pytest.fixture(scope="module")
def port():
    return free_pair()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def keys(folder):
    return Keyring(folder / "keys").add("test")


@pytest.fixture(scope="module")
def running(folder, keys, models, port):
    flags = ("--no-page", "--image-port", port)
    yield from running_with(RunningServer(folder, models, *flags), "magenta_small")


@pytest.fixture
def renderer(running, port, keys):
    peer = Renderer(port, keys).join()
    yield peer
    peer.close()


def test_a_renderer_that_comes_late_is_told_what_is_loaded(renderer):
    event = renderer.receive("loaded")
    assert event.fields == {"model": "magenta_small", "latent_size": 64, "sample_rate": 16000}


def test_a_hallucination_is_told_with_its_key_points(running, renderer):
    replies = running.send("/sound/hallucinate", "trip", 3, 2, 0.1, 0, 0.1, 0.1, 0.1)
    (audio,) = (reply.args for reply in replies if reply.address == "/sound/audio")
    event = renderer.receive("sound")
    assert (event.fields["target"], event.fields["kind"]) == ("trip", "hallucination")
    assert event.fields["duration_s"] == pytest.approx(audio[2] / audio[3])
    np.testing.assert_allclose(event.arrays["key_times_s"], [0.0, 0.3, 0.6], atol=1e-6)
    assert event.arrays["keys"].shape == (3, 64)
    moments = 1 + int(event.fields["duration_s"] * FEATURE_RATE)
    assert [event.arrays[name].shape for name in ("loudness", "onsets", "chroma")] == [(moments,)] * 2 + [(moments, 12)]


def test_a_note_has_one_key_point_its_z(running, renderer):
    z = running.send("/sound/randomize_z", "a")[0].args[1:]
    running.send("/sound/synthesize", "a", "note", 40)
    event = renderer.receive("sound")
    while event.fields["target"] != "note":
        event = renderer.receive("sound")
    assert (event.fields["kind"], event.fields["pitch"]) == ("note", 40)
    np.testing.assert_allclose(event.arrays["keys"][0], z, rtol=1e-6)


def test_a_sound_itself_follows_for_recordings(running, renderer):
    client = running.peer()
    client.ask("/sound/load", "magenta_small")
    client.send("/sound/hallucinate", "heard", 2, 1, 0.1, 0, 0.1, 0.1, 0.1)
    event = beating_until(renderer, lambda event: (event.topic, event.fields.get("target")) == ("samples", "heard"))
    level, audio = (reply.args for reply in client.receive_end() if reply.address in ("/sound/gain", "/sound/audio"))
    client.socket.close()
    wave, rate = soundfile.read(audio[1])
    assert event.fields["sample_rate"] == rate
    assert event.arrays["samples"].dtype == np.int16
    np.testing.assert_allclose(event.arrays["samples"] / 32767, wave * gain(level[1]), atol=2e-5)


def beating_until(renderer, wanted):
    """The first wanted event that a live renderer receives."""
    for _ in range(200):
        renderer.send("heartbeat", {"fps": 30.0, "page": ""})
        while renderer.receiver.poll(100):
            event = messages.decode(renderer.receiver.recv_multipart())
            if wanted(event):
                return event
    raise AssertionError("it did not come")


def test_to_a_renderer_that_stands_still_no_waves_are_sent(monkeypatch):
    publisher, sent = Publisher("127.0.0.1", 0), []
    monkeypatch.setattr(publisher, "_send", lambda frames: sent.append(frames[0].decode()))
    publisher._heartbeat_s = time.monotonic() - 60.0
    publisher._publish_sound(a_wave("quiet", 1))
    publisher._take(messages.Event("heartbeat"))
    publisher._publish_sound(a_wave("heard", 1))
    publisher._ports.close()
    assert sent == ["sound", "sound", "samples"]
    assert [messages.decode(frames).topic for frames in publisher._cache.replay()] == ["sound", "samples"] * 2


def test_sounds_are_encoded_for_the_first_renderer_when_it_comes(monkeypatch):
    publisher, encoded = Publisher("127.0.0.1", 0), []
    monkeypatch.setattr("server.link.replay_cache.features", lambda *args: encoded.append(args) or features(*args))
    publisher._publish_sound(a_wave("early", 1))
    publisher._ports.close()
    assert not encoded
    for _ in range(2):
        received = [messages.decode(frames) for frames in publisher._cache.replay()]
        assert [(event.topic, event.fields["target"]) for event in received] == [
            ("sound", "early"),
            ("samples", "early"),
        ]
    assert len(encoded) == 1


def a_wave(target, seconds):
    return RenderedSound(target, np.full(16_000 * seconds, 2.0, np.float32), 16_000, 32, np.zeros((1, 4)))


def test_samples_clip_as_loudspeakers_do():
    assert set(messages.decode(encode_samples(a_wave("loud", 1))).arrays["samples"]) == {32767}


def test_the_samples_of_recordings_have_the_gain_of_their_sound():
    sound = replace(a_wave("soft", 1), gain_db=-12.0)
    assert set(messages.decode(encode_samples(sound)).arrays["samples"]) == {round(2 * 10 ** (-12 / 20) * 32767)}


def test_of_the_samples_of_many_sounds_the_newest_are_kept(monkeypatch):
    monkeypatch.setattr(messages, "SAMPLES_BYTES", 7 * 16_000)
    cache = ReplayCache()
    for number in range(20):
        cache.add(messages.encode("sound"), encode_samples(a_wave(str(number), 1)) if number % 2 else None)
    received = [messages.decode(frames) for frames in cache.replay()]
    assert [event.fields["target"] for event in received if event.topic == "samples"] == ["15", "17", "19"]
    assert len([event for event in received if event.topic == "sound"]) == 16


def test_of_sounds_that_nobody_received_the_newest_keep_their_samples(monkeypatch):
    monkeypatch.setattr(messages, "SAMPLES_BYTES", 5 * 16_000)
    cache = ReplayCache()
    for number in range(4):
        cache.add_rendered(a_wave(str(number), 1))
    received = [messages.decode(frames) for frames in cache.replay()]
    assert [event.fields["target"] for event in received if event.topic == "samples"] == ["2", "3"]
    assert len([event for event in received if event.topic == "sound"]) == 4


def test_samples_that_are_too_many_are_not_sent(monkeypatch):
    monkeypatch.setattr(messages, "SAMPLES_BYTES", 2 * 16_000)
    assert encode_samples(a_wave("short", 1)) is not None
    assert encode_samples(a_wave("endless", 2)) is None


def test_work_is_announced_and_its_end(running, renderer):
    running.send("/sound/randomize_z", "a")
    assert [renderer.receive("busy").fields["busy"] for _ in range(2)] == [True, False]


def test_playing_and_stopping_are_passed_on(running, renderer):
    assert running.send("/sound/play", "trip", 1.5)[-1] == ("/done", ["/sound/play", "trip"])
    event = renderer.receive("play")
    assert (event.fields["target"], event.fields["position_s"]) == ("trip", pytest.approx(1.5, abs=0.5))
    assert running.send("/sound/stop", "trip")[-1].address == "/done"
    assert renderer.receive("stop").fields == {"target": "trip"}


def test_a_renderer_that_comes_late_is_told_where_the_sound_is(running, port, keys):
    running.send("/sound/play", "trip", 1.0)
    time.sleep(0.5)
    with closing(Renderer(port, keys).join()) as peer:
        assert peer.receive("play").fields["position_s"] > 1.4
    running.send("/sound/stop")


def answered(running, renderer, *message, **answer):
    """What the server replies to a command that the renderer answers so."""
    client = running.peer()
    renderer.send("heartbeat")
    client.send(*message)
    asked = renderer.receive("command")
    renderer.send("reply", {"id": asked.fields["id"], **answer})
    replies = client.receive_end()
    client.socket.close()
    return asked.fields, replies


def test_a_command_goes_to_the_renderer_and_its_answer_back(running, renderer):
    answer = {"replies": [["/image/class_names", "aurora", "reef"]], "error": ""}
    asked, replies = answered(running, renderer, "/image/classes", "aurora", 7, **answer)
    assert (asked["address"], asked["values"]) == ("/image/classes", {"class": ["aurora", "7"]})
    assert replies == [("/image/class_names", ["aurora", "reef"]), ("/done", ["/image/classes"])]


def test_a_renderers_refusal_is_the_reason(running, renderer):
    _, replies = answered(
        running, renderer, "/image/load", "wild", replies=[], error="there is only patterns, not wild"
    )
    assert replies == [("/fail", ["/image/load", "-", "there is only patterns, not wild"])]


@pytest.mark.parametrize("replies", [5, [5], [["/sound/z", 1]], [["/image/x", [1]]], [[]], [["/image/x", None]]])
def test_an_answer_that_is_none_is_a_fail(running, renderer, replies):
    _, received = answered(running, renderer, "/image/status", replies=replies)
    assert "not readable" in received[-1].args[2]


def test_progress_of_a_renderer_is_passed_on_before_its_answer(running, renderer):
    client = running.peer()
    renderer.send("heartbeat")
    client.send("/image/load_ganspace_components", "auto")
    asked = renderer.receive("command")
    assert asked.fields["values"] == {"file": "auto"}
    renderer.send("progress", {"id": asked.fields["id"], "done": 3, "total": 7})
    renderer.send("reply", {"id": asked.fields["id"], "replies": [["/image/components", 8, "gen_z", "x.npz"]]})
    address = "/image/load_ganspace_components"
    assert client.receive_end() == [
        ("/progress", [address, "-", 3, 7]),
        ("/image/components", [8, "gen_z", "x.npz"]),
        ("/done", [address]),
    ]
    client.socket.close()


def test_progress_that_is_wrong_does_no_harm(running, renderer):
    for fields in ({}, {"id": 1}, {"id": "1", "done": 1, "total": 2}, {"id": 1, "done": -1, "total": 2**40}):
        renderer.send("progress", fields)
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"


def test_random_messages_of_a_renderer_do_no_harm(running, renderer):
    rng = np.random.default_rng(0)
    whole = json.dumps({"id": 1, "replies": [["/image/file", "x"]], "done": 1, "total": 2, "arrays": []}).encode()
    for number in range(300):
        place = int(rng.integers(len(whole)))
        changed = whole[:place] + rng.bytes(1 + number % 3) + whole[place + 1 :]
        renderer.sender.send_multipart([(b"heartbeat", b"progress", b"reply")[number % 3], changed])
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"


def test_what_a_renderer_left_unanswered_fails_when_the_next_one_comes(running, renderer, port, keys):
    client = running.peer()
    renderer.send("heartbeat")
    client.send("/image/status")
    renderer.receive("command")
    Renderer(port, keys).join().close()
    assert "did not answer" in client.receive_end()[-1].args[2]


def test_without_a_renderer_a_command_says_so(start_server):
    replies = start_server("--no-page").send("/image/status")
    assert "no renderer is connected" in replies[-1].args[2]


@pytest.mark.parametrize(
    "frames",
    [[b""], [b"hello"], [b"\xff", b"\xff"], [b"reply", b'{"id": [1]}'], [b"reply", b'{"id": 1e99}'], [b"x"] * 40],
)
def test_noise_on_the_wire_does_no_harm(running, renderer, frames):
    renderer.sender.send_multipart(frames)
    renderer.send("heartbeat", {"fps": "many", "page": 7})
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"


def test_a_taken_port_is_one_line(hallu, running, port):
    done = hallu("serve", "--port", "0", "--image-port", port)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(port) in line and "--image-port" in line


@pytest.mark.parametrize("forged", ["no key", "a key that nobody gave out", "the server's own"])
def test_a_peer_without_a_key_that_was_given_out_is_not_heard(running, renderer, folder, port, keys, forged):
    public, secret = pair()
    other = {
        "no key": None,
        "a key that nobody gave out": replace(keys, public=public, secret=secret),
        "the server's own": replace(keys, public=Keyring(folder / "keys").public, secret=secret),
    }[forged]
    with closing(Renderer(port, other)) as peer:
        client = running.peer()
        renderer.send("heartbeat")
        client.send("/image/snapshot")
        asked = renderer.receive("command")
        reply = {"id": asked.fields["id"], "replies": [["/image/file", "/etc/forged"]], "error": ""}
        for topic, fields in [("hello", {"name": "forged", "version": "0"}), ("reply", reply)] * 10:
            # A peer that was refused has no connection left, and cannot send.
            with suppress(zmq.Again):
                peer.sender.send_multipart(messages.encode(topic, fields), zmq.NOBLOCK)
            assert not peer.receiver.poll(50)
        renderer.send("reply", {"id": asked.fields["id"], "replies": [["/image/file", "true"]], "error": ""})
        assert client.receive_end()[0] == ("/image/file", ["true"])
        client.socket.close()


def test_keys_that_are_taken_back_do_not_connect_again(tmp_path):
    ring = Keyring(tmp_path)
    public = ring.add("hall").public.encode()
    assert ring.allows(public) and Keyring(tmp_path).public == ring.public
    ring.remove("hall")
    assert not ring.allows(public)


def test_a_renderer_whose_key_is_taken_back_is_disconnected_and_the_others_are_not(running, renderer, folder, port):
    guest = Renderer(port, Keyring(folder / "keys").add("guest")).join()
    with closing(guest):
        Keyring(folder / "keys").remove("guest")
        while "a renderer was disconnected: its key was removed" not in "".join(running.errors):
            time.sleep(0.05)
        for peer in (renderer, guest):
            while peer.receiver.poll(200):
                peer.receiver.recv_multipart()
        # What has been missed comes again, with the first sign of life.
        while not renderer._next("loaded", 0.5):
            renderer.send("heartbeat")
        assert answered(running, renderer, "/image/truncation", 0.5, replies=[])[1][-1].address == "/done"
        assert not guest.receiver.poll(2500)


def test_text_of_a_renderer_does_not_reach_the_log_raw(running, renderer):
    renderer.send("heartbeat", {"page": "http://x/\nready 6.6.6.6:1"})
    _, replies = answered(running, renderer, "/image/truncation", 0.5, replies=[])
    assert replies[-1].address == "/done"
    assert not any(line.startswith("ready") for line in running.errors)


def test_many_hellos_of_a_renderer_that_does_not_read_take_little_memory(tmp_path):
    publisher = Publisher("127.0.0.1", 0)
    peer = Renderer(publisher.port, most_unread=4)
    publisher.start()
    wave = np.random.default_rng(0).uniform(-1, 1, 16_000 * 60).astype(np.float32)
    for number in range(16):
        publisher.rendered(replace(a_wave(str(number), 1), wave=wave))
    peer.join()
    before = memory_mb()
    for _ in range(120):
        peer.send("hello", {"name": "test", "version": "0"})
    time.sleep(3.0)
    grown = memory_mb() - before
    peer.close()
    publisher.stop()
    assert grown < 600


def memory_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
