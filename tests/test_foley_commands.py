"""Sounds for what is shown, over OSC: a real server and a real renderer, with models that take no time."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tiny_family
import tiny_foley
from conftest import RunningServer
from test_live_serve import painted
from waiting import PATIENCE_S

from core import families
from core.audio.features import features

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A models folder with a light image model, and foley models."""
    folder = tmp_path_factory.mktemp("foley")
    tiny_family.write(folder / "tiny" / "soft")
    tiny_foley.write(folder / "tiny_foley" / "tone")
    tiny_foley.write(folder / "tiny_foley" / "slow", takes_s=0.1)
    (folder / "tiny_foley" / "broken").mkdir()
    (folder / "tiny_foley" / "broken" / tiny_foley.FILE).write_text("{")
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory, places):
    """A function that starts a server that knows the two families."""
    known = pytest.MonkeyPatch()
    known.setenv(families.VARIABLE, "tiny=tiny_family,tiny_foley=tiny_foley")
    known.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(TESTS.parent)]))
    started = []

    def start(*flags, folder=None):
        started.append(RunningServer(folder or tmp_path_factory.mktemp("server"), places, *flags))
        return started[-1]

    yield start
    known.undo()
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="module")
def silent(start):
    """A server without a renderer."""
    return start()


@pytest.fixture(scope="module")
def showing(start, tmp_path_factory):
    """A server whose renderer shows pictures."""
    server = start("--image-port", "0", "--pictures", tmp_path_factory.mktemp("pictures"))
    painted(server)
    server.send("/sound/load_foley", "tone")
    return server


def audio(replies):
    assert replies[-1].address == "/done", replies
    (path,) = [reply.args[1] for reply in replies if reply.address == "/sound/audio"]
    return soundfile.read(path)


def test_without_a_foley_model_the_reason_says_what_to_send(silent):
    end = silent.send("/sound/from_image", "a")[-1]
    assert end.args == ["/sound/from_image", "a", "no foley model is loaded; send /sound/load_foley"]


def test_loading_names_the_model_its_seconds_and_its_classes(silent):
    replies = silent.send("/sound/load_foley", "tone")
    assert [(reply.address, *reply.args) for reply in replies[:2]] == [
        ("/sound/foley", "tone", 2.0),
        ("/sound/foley_classes", "low", "high"),
    ]
    assert replies[-1] == ("/done", ["/sound/load_foley"])


def test_loading_reports_the_gain_to_the_common_loudness(silent):
    (level,) = [one for one in silent.send("/sound/load_foley", "tone") if one.address == "/sound/level"]
    # A tone of -20 LUFS has a peak of about 0.14; this one's is near 0.02.
    assert level.args[0] == "tone" and 5.0 < level.args[1] < 40.0 and level.args[1] == level.args[2]


@pytest.mark.parametrize(
    "name, reason", [("none", "no model of sounds for pictures 'none'"), ("../../etc", "no model")]
)
def test_a_model_that_is_not_there_is_named(silent, name, reason):
    assert reason in silent.send("/sound/load_foley", name)[-1].args[2]


def test_a_model_that_is_broken_leaves_the_one_before(silent):
    silent.send("/sound/load_foley", "tone")
    assert silent.send("/sound/load_foley", "broken")[-1].address == "/fail"
    assert "no renderer" in silent.send("/sound/from_image", "a")[-1].args[2]


def test_without_a_renderer_one_sentence_says_so(silent):
    silent.send("/sound/load_foley", "tone")
    begun = time.monotonic()
    end = silent.send("/sound/from_image", "a")[-1]
    assert end.args[2].startswith("no renderer is connected") and time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "args, reason", [((0.1,), "0.5..300"), ((2, "loud"), "its classes are low, high"), ((2, "-", 9), "0..4")]
)
def test_values_that_break_a_rule_are_refused(silent, args, reason):
    silent.send("/sound/load_foley", "tone")
    assert reason in silent.send("/sound/from_image", "a", *args)[-1].args[2]


def test_the_sound_is_that_of_what_is_shown(showing):
    wave, rate = audio(showing.send("/sound/from_image", "a", 1.5))
    assert (len(wave), rate) == (12000, tiny_foley.RATE)
    spectrum = np.abs(np.fft.rfft(wave))
    peak = spectrum.argmax() * rate / len(wave)
    # The pictures' mean grey is near the middle, 500 Hz; black would be 200, white 800.
    assert 260 < peak < 740


def test_without_seconds_it_is_as_long_as_the_model_says(showing):
    wave, rate = audio(showing.send("/sound/from_image", "a"))
    assert len(wave) / rate == tiny_foley.TinyFoley.seconds


def test_progress_comes_while_it_is_made_and_cancel_reaches_it(showing):
    showing.send("/sound/load_foley", "slow")
    peer, other = showing.peer(), showing.peer()
    peer.send("/sound/from_image", "long", 100)
    first = peer.receive()
    assert (first.address, first.args[:2]) == ("/progress", ["/sound/from_image", "long"])
    assert other.ask("/cancel", "long")[-1].address == "/done"
    assert peer.receive_end()[-1].args == ["/sound/from_image", "long", "cancelled"]
    showing.send("/sound/load_foley", "tone")


def test_slots_are_set_while_a_sound_is_made(showing):
    showing.send("/sound/load_foley", "slow")
    peer, other = showing.peer(), showing.peer()
    peer.send("/sound/from_image", "long", 30)
    peer.receive()
    begun = time.monotonic()
    other.ask("/sound/set_z", "a", 1.0)
    assert time.monotonic() - begun < 1.0
    other.ask("/cancel", "long")
    peer.receive_end()
    showing.send("/sound/load_foley", "tone")


def test_of_two_sounds_at_once_one_is_cancelled_and_the_other_ends_while_a_model_is_loaded(showing):
    showing.send("/sound/load_foley", "slow")
    one, two, other = showing.peer(), showing.peer(), showing.peer()
    one.send("/sound/from_image", "one", 100)
    one.receive()
    two.send("/sound/from_image", "two", 1)
    other.send("/sound/load_foley", "tone")
    third = showing.peer()
    assert third.ask("/cancel", "one")[-1].address == "/done"
    assert one.receive_end()[-1].args[2] == "cancelled"
    wave, rate = audio(two.receive_end())
    assert len(wave) == rate
    assert other.receive_end()[0].args[0] == "tone"


def test_the_model_comes_back_with_the_server(start, tmp_path):
    first = start(folder=tmp_path)
    first.send("/sound/load_foley", "tone")
    first.kill()
    end = start(folder=tmp_path).send("/sound/from_image", "a")[-1]
    assert "no renderer" in end.args[2]


def test_a_session_brings_its_model_back(silent):
    silent.send("/sound/load_foley", "tone")
    silent.send("/session/save", "one")
    silent.send("/sound/load_foley", "slow")
    assert ("/sound/foley", ["tone", 2.0]) in silent.send("/session/load", "one")


class Listener:
    """A client that plays a loop as fast as it comes, at the pace of a clock."""

    def __init__(self, server, target):
        self.peer, self.target = server.peer(), target
        self.waves, self.rounds, self.starts = [], [], []

    def play(self, seconds):
        """Take segments and report positions for so long, from the first segment on."""
        while not self.waves:
            self._take(self.peer.receive())
        begun_s, rate = time.monotonic(), tiny_foley.RATE
        self.peer.socket.settimeout(0.1)
        while time.monotonic() - begun_s < seconds:
            with suppress(TimeoutError):
                self._take(self.peer.receive())
            there_s = sum(map(len, self.waves)) / rate
            self.peer_position(min(time.monotonic() - begun_s, there_s))
        self.peer.socket.settimeout(PATIENCE_S)

    def peer_position(self, seconds):
        self.peer.send("/sound/stream_position", self.target, float(seconds))

    def _take(self, reply):
        assert reply.address != "/fail", reply
        if reply.address == "/sound/segment":
            self.starts.append(reply.args[5])
            self.waves.append(soundfile.read(reply.args[2])[0])
        if reply.address == "/sound/image_looped":
            self.rounds.append(reply.args[1:])

    def stop(self):
        self.peer.send("/sound/stream_stop", self.target)
        while True:
            reply = self.peer.receive()
            self._take(reply)
            if reply.address == "/done" and reply.args[0] == "/sound/image_loop":
                return


def test_a_loop_plays_on_without_a_gap_and_ends(showing):
    listener = Listener(showing, "round")
    listener.peer.send("/sound/image_loop", "round", 0.5, 1.0)
    listener.play(4.0)
    listener.stop()
    lengths = list(map(len, listener.waves))
    assert listener.starts == [sum(lengths[:place]) for place in range(len(lengths))]
    assert len(listener.rounds) >= 3
    wave = np.concatenate(listener.waves)
    sounding = features(wave[: -tiny_foley.RATE // 4], tiny_foley.RATE).loudness
    assert (sounding[25:] > 0.3).all()


def test_a_loop_moves_the_pictures(showing):
    listener = Listener(showing, "moved")
    listener.peer.send("/sound/image_loop", "moved", 1.0, 1.0)
    listener.play(2.5)
    assert showing.send("/image/status")[0].args[5] == "moved"
    listener.stop()


def test_a_loop_takes_another_amount_while_it_plays(showing):
    listener = Listener(showing, "set")
    listener.peer.send("/sound/image_loop", "set", 0.0, 1.0)
    listener.play(1.0)
    assert showing.send("/sound/stream_set", "set", "amount", 1.0)[-1].address == "/done"
    assert "it has amount, seconds" in showing.send("/sound/stream_set", "set", "steps", 3)[-1].args[2]
    assert "follows no path" in showing.send("/sound/stream_add", "set", "slot")[-1].args[2]
    listener.stop()


def renderer(server):
    """The process of a server's renderer (Linux)."""
    children = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    numbers = [int(number) for path in children for number in path.read_text().split()]
    return next(number for number in numbers if b"renderer" in Path(f"/proc/{number}/cmdline").read_bytes())


def test_a_loop_plays_on_while_the_renderer_starts_again(showing):
    listener = Listener(showing, "killed")
    listener.peer.send("/sound/image_loop", "killed", 0.5, 1.0)
    listener.play(2.0)
    os.kill(renderer(showing), signal.SIGKILL)
    heard = len(listener.rounds)
    # A /fail would end it.
    listener.play(4.0)
    assert len(listener.rounds) > heard + 1
    listener.stop()


def test_a_loop_without_a_renderer_fails_at_once(silent):
    silent.send("/sound/load_foley", "tone")
    assert "no renderer" in silent.send("/sound/image_loop", "a")[-1].args[2]
