"""What a server sends to renderers over ZeroMQ: sounds, and where they are."""

import os
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from link_peer import (
    Renderer,
    a_folder,  # noqa: F401 - a fixture
    a_keyring,  # noqa: F401 - a fixture
    a_port,  # noqa: F401 - a fixture
    a_renderer,  # noqa: F401 - a fixture
    a_server,  # noqa: F401 - a fixture
    a_wave,
)

from core.audio.features import FEATURE_RATE, features
from core.audio.levels import gain
from renderer.ipc import messages
from server.link.publisher import Publisher
from server.link.replay_cache import ReplayCache, encode_samples


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
    client.ask("/notify", 0, 0, 0, 1)
    client.send("/sound/hallucinate", "heard", 2, 1, 0.1, 0, 0.1, 0.1, 0.1)
    event = beating_until(renderer, lambda event: (event.topic, event.fields.get("target")) == ("samples", "heard"))
    own, audio = (reply.args for reply in client.receive_end() if reply.address in ("/sound/gain", "/sound/audio"))
    client.socket.close()
    wave, rate = soundfile.read(audio[1])
    assert event.fields["sample_rate"] == rate
    assert event.arrays["samples"].dtype == np.int16
    np.testing.assert_allclose(event.arrays["samples"] / 32767, wave * gain(own[1]), atol=2e-5)


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
