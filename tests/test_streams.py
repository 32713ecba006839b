"""Hallucinations without an end, over a real socket."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from drop_in import assert_at_level
from recorded_request import RecordedRequest

from gansynth.latent_prior import LatentPrior
from server.session import Session
from server.sounds import streams
from server.sounds.open_streams import MAX_STREAMS
from server.sounds.result import Context

LOOK_AHEAD_S = streams.LOOK_AHEAD_S
# steps, spacing, start_trim, attack, sustain, release, pitch
SHAPE = (3, 0.2, 0.0, 0.1, 0.2, 0.1, 40)
COMMANDS = ("/sound/stream_set", "/sound/stream_add", "/sound/stream_position", "/sound/stream_stop")


def ask(peer, *message):
    replies = peer.ask(*message)
    assert replies[-1].address == "/done", replies
    return replies


class Listener:
    """A client that plays one stream, and keeps its segments; it steers from a second port, whose replies are apart."""

    def __init__(self, server, *slots, rate=0, level=0, target=""):
        self.peer, self.control = server.peer(), server.peer()
        self.target = target or f"s{self.peer.port}"
        ask(self.peer, "/notify", 0, rate, level)
        self.segments, self.position_s, self.end = [], 0.0, None
        self.peer.send("/sound/stream", self.target, *SHAPE, *slots)

    def receive(self):
        reply = self.peer.receive()
        if reply.address == "/sound/segment":
            self.segments.append(reply)
        if reply.address in ("/done", "/fail"):
            self.end = reply
        return reply

    @property
    def frames(self):
        return sum(segment.args[3] for segment in self.segments)

    @property
    def rate(self):
        return self.segments[0].args[4]

    def play(self, seconds):
        """Play, in steps of 0.1 s, what there is until then."""
        while self.end is None and self.position_s < seconds - 1e-6:
            while self.end is None and (not self.segments or self.frames < (self.position_s + 0.2) * self.rate):
                self.receive()
            if self.end is None:
                self.position_s += 0.1
                self.steer("position", self.position_s)
        return self

    def stop(self):
        self.steer("stop")
        self.play(60.0)
        return self.wave()

    def steer(self, name, *args):
        return ask(self.control, f"/sound/stream_{name}", self.target, *args)

    def wave(self):
        return np.concatenate([soundfile.read(segment.args[2], dtype="float32")[0] for segment in self.segments])


@pytest.fixture
def peer(server):
    peer = server.peer()
    ask(peer, "/sound/seed", 5)
    ask(peer, "/sound/randomize_z", "s1", "s2")
    return peer


@pytest.mark.parametrize("rate", [0, 48000])
def test_segments_follow_each_other_without_a_gap(server, peer, rate):
    player = Listener(server, rate=rate).play(1.0)
    player.stop()
    begins = np.cumsum([0, *(segment.args[3] for segment in player.segments)])
    assert [segment.args[5] for segment in player.segments] == list(begins[:-1])
    assert [segment.args[1] for segment in player.segments] == list(range(len(player.segments)))
    assert player.end.address == "/done"


def test_the_server_is_never_further_ahead_than_it_says(server, peer):
    player = Listener(server)
    while player.frames / 16000 < LOOK_AHEAD_S - 0.1:
        player.receive()
    assert player.peer.is_silent(0.3) and player.frames <= LOOK_AHEAD_S * 16000
    player.play(0.5)
    assert player.frames <= (player.position_s + LOOK_AHEAD_S) * 16000
    player.stop()


def test_the_same_seed_and_messages_give_the_same_samples(server, peer):
    def performance():
        ask(peer, "/sound/seed", 9)
        player = Listener(server, "s1").play(0.4)
        player.steer("set", "pitch", 47)
        player.steer("add", "s2")
        player.play(0.9)
        player.steer("set", "spacing", 0.1)
        player.play(1.3)
        return player.stop()

    assert performance().tobytes() == performance().tobytes()


def test_a_client_that_asks_for_the_level_streams_at_it(server, peer):
    def performance(level):
        ask(peer, "/sound/seed", 9)
        return Listener(server, "s1", "s2", level=level).play(0.6).stop()

    assert_at_level(server, performance(1), performance(0), stream=True)


def test_a_change_is_heard_within_the_look_ahead_however_far_apart_notes_are(server, peer):
    def performance(*change):
        ask(peer, "/sound/seed", 9)
        player = Listener(server, "s1").play(0.1)
        player.steer("set", "spacing", 4)
        player.play(0.2)
        if change:
            player.steer("set", *change)
        return player.play(1.0).stop()

    plain, other = performance(), performance("pitch", 52)
    first = np.flatnonzero(plain[: len(other)] != other[: len(plain)])[0] / 16000
    # It fades in from nothing.
    assert 0.2 < first < 0.2 + LOOK_AHEAD_S + 0.001


def test_a_change_is_heard_within_the_look_ahead(server, peer):
    def performance(*change):
        ask(peer, "/sound/seed", 9)
        player = Listener(server, "s1").play(0.5)
        if change:
            player.steer("set", *change)
        return player.play(1.8).stop()

    plain, other = performance(), performance("pitch", 52)
    first = np.flatnonzero(plain[: len(other)] != other[: len(plain)])[0] / 16000
    # The next note begins within its spacing.
    assert 0.5 < first <= 0.5 + LOOK_AHEAD_S + SHAPE[1]


def test_it_is_the_hallucination_through_its_key_points_but_for_the_level(server, peer):
    player = Listener(server, "s1", "s2").play(1.5)
    stream = player.stop()
    clip = soundfile.read(ask(peer, "/sound/hallucinate_z", "c", *SHAPE, "s1", "s2")[-2].args[1], dtype="float32")[0]
    place = slice(6400, 12800)
    assert np.corrcoef(stream[place], clip[place])[0, 1] > 0.99


def test_a_stream_that_stops_ends_softly(server, peer):
    wave = Listener(server).play(0.8).stop()
    assert np.abs(wave[-8:]).max() < 0.02 and np.abs(wave).max() <= 0.5


def test_an_underrun_is_counted_and_reported(server, peer):
    player = Listener(server).play(0.3)
    (underruns, _) = player.steer("position", 5.0)
    assert (underruns.address, underruns.args) == ("/sound/underruns", [player.target, 1])
    player.position_s = 5.0
    player.steer("stop")
    while player.end is None:
        if player.receive().address == "/sound/underruns":
            assert player.frames / 16000 > 5.0
        player.position_s += 0.1
        player.control.ask("/sound/stream_position", player.target, player.position_s)


def test_an_underrun_that_lasts_is_one(context):
    found = begin(context).rest
    while found.ready_s < 0:
        found.pieces.frames += sum(len(sound.wave) for sound in found(context, None).sounds)
        found.pieces.rate = found.sample_rate
    assert [found.report(position_s) for position_s in (0.2, 1.0, 1.1, 1.2)] == [False, True, False, False]
    assert not found.report(0.3) and found.report(2.0) and found.underruns == 2


def test_notes_are_played_while_a_stream_runs(server, peer):
    player = Listener(server).play(0.5)
    replies = ask(peer, "/sound/note", "n", "s1", 45)
    assert [reply.address for reply in replies] == ["/sound/head", "/sound/audio", "/done"]
    player.stop()


def test_cancel_ends_a_stream(server, peer):
    player = Listener(server).play(0.2)
    ask(peer, "/cancel", player.target)
    while player.end is None:
        player.receive()
    assert player.end.args == ["/sound/stream", player.target, "cancelled"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (("/sound/stream", "x", *SHAPE[:6], 3), "has no pitch 3"),
        (("/sound/stream", "x", 3, 0.0, *SHAPE[2:]), "must be at least 0.01 s apart"),
        (("/sound/stream", "x", 3, 0.2, 0, 9, 9, 9, 40), "must fit into a note"),
        (("/sound/stream", "x", *SHAPE, "nobody"), "no slot 'nobody'"),
        (("/sound/stream_set", "s", "volume", 3), "no setting 'volume'; it has steps, spacing"),
        (("/sound/stream_set", "s", "steps", "many"), "steps must be a number, not 'many'"),
        (("/sound/stream_set", "s", "steps", 5000), "steps must be in 0..1000, not 5000"),
        (("/sound/stream_set", "s", "pitch", 3), "has no pitch 3"),
        (("/sound/stream_set", "s", "pitch"), "pitch needs 1 value, not 0"),
        (("/sound/stream_set", "s", "release", 50), "must fit into a note"),
        (("/sound/stream_set", "s", "edits", 1), "no directions are loaded"),
        (("/sound/stream", "s", *SHAPE), "'s' is streaming already"),
    ],
)
def test_what_cannot_be_streamed_is_named(server, peer, stream, message, reason):
    (fail,) = peer.ask(*message)
    assert fail.address == "/fail" and reason in fail.args[2]


@pytest.fixture(scope="module")
def stream(server):
    """A stream that plays."""
    player = Listener(server, target="s")
    player.receive()
    yield player
    player.control.ask("/cancel", "s")


@pytest.mark.parametrize("address", COMMANDS)
def test_steering_what_does_not_play_says_so(server, peer, address):
    args = {"/sound/stream_set": ("steps", 3), "/sound/stream_add": ("s1",), "/sound/stream_position": (1.0,)}
    (fail,) = peer.ask(address, "nothing", *args.get(address, ()))
    assert fail.args[2] == "nothing with the target 'nothing' is streaming"


class Silent:
    """A model of silent notes."""

    name, latent_size, pitches, audio_length, sample_rate, conditions = "silent", 4, (60,), 1600, 1000, {}
    prior = LatentPrior(latent_size)

    def generate(self, z, pitches, *, conditions=None, length=None):
        return np.zeros((len(z), length), np.float32)


@pytest.fixture
def context():
    return Context(Session.seeded(0).with_model(Silent(), None), None)


def begin(context, target="s"):
    return streams.stream(context, RecordedRequest("/sound/stream", target, *SHAPE[:6], 60))


class Families:
    """A prior that keeps what its draws were asked for."""

    def __init__(self):
        self.wanted = []

    def draw(self, rng, count, wanted, precision=np.float32):
        self.wanted.append(dict(wanted))
        return rng.standard_normal((count, 4), precision)


def test_random_key_points_follow_a_kind_of_note_that_changes(context):
    context.session.need_model().prior = prior = Families()
    rest = begin(context).rest
    rest.sound.change(0, replace(rest.sound.settings, conditions={"family": "flute"}))
    while rest.ready_s < 0:
        rest(context, None)
    assert prior.wanted[-1] == {"family": "flute"}


def test_a_client_that_is_gone_ends_its_stream(context, monkeypatch):
    rest = begin(context).rest
    while rest.ready_s < 0:
        rest(context, None)
    assert rest.ready_s > rest.reported_s
    with pytest.raises(ValueError, match="no /sound/stream_position for 10 s; the stream has ended"):
        rest(context, None)


def test_there_are_not_too_many_streams(context):
    for number in range(MAX_STREAMS):
        begin(context, f"s{number}")
    with pytest.raises(ValueError, match=f"there are {MAX_STREAMS} streams; the most is {MAX_STREAMS}"):
        begin(context, "one more")


def test_a_stream_plays_on_while_its_client_loads_a_model(server, peer):
    player = Listener(server).play(0.3)
    player.control.send("/sound/load", "magenta_small")
    player.control.receive_end()
    player.play(0.8)
    assert player.end is None
    player.stop()


def test_slots_are_added_for_the_model_of_the_stream_also_when_another_one_is_loaded(context):
    begin(context)
    other = Silent()
    other.name, other.latent_size = "other", 5
    slots = [("four", np.zeros(4, np.float32)), ("five", np.zeros(5, np.float32))]
    context = replace(context, session=context.session.with_model(other, None).with_slots(slots))
    assert streams.stream_add(context, RecordedRequest("/sound/stream_add", "s", "four"))
    with pytest.raises(ValueError, match="slot 'five' has 5 values, but silent needs 4; fill it again"):
        streams.stream_add(context, RecordedRequest("/sound/stream_add", "s", "five"))


def performed(context, seconds):
    """The parts of a stream that images follow, and what is reported to play, as its client plays on."""
    rest, parts, plays = begin(context).rest, [], []
    for position in np.arange(0.0, seconds, 0.1):
        while rest.ready_s < 0:
            parts += rest(context, None).followed
        result = streams.stream_position(context, RecordedRequest("/sound/stream_position", "s", float(position)))
        plays += [result.plays] if result.plays else []
    return parts, plays


def test_images_follow_parts_that_grow(context):
    parts, _ = performed(context, 20.0)
    lengths = [len(part.wave) for part in parts if part.part == 0]
    assert lengths == sorted(lengths) and len(lengths) > 20 and 15.0 <= lengths[-1] / 1000 < 15.2
    assert {part.part for part in parts} == {0, 1}


def test_a_part_has_a_key_point_for_each_note_and_the_next(context):
    parts, _ = performed(context, 3.0)
    longest = max(parts, key=lambda part: len(part.wave))
    assert np.allclose(np.diff(longest.key_times_s), 0.2) and longest.key_times_s[0] == 0.0
    assert longest.key_times_s[-1] >= len(longest.wave) / 1000 - 0.2
    assert longest.keys.shape == (len(longest.key_times_s), 4)


def test_parts_go_on_where_the_one_before_ends(context):
    parts, _ = performed(context, 20.0)
    first = max((part for part in parts if part.part == 0), key=lambda part: len(part.wave))
    second = next(part for part in parts if part.part == 1)
    assert second.key_times_s[0] <= 0.0
    assert any(np.array_equal(second.keys[0], key) for key in first.keys)


def test_it_is_reported_when_a_part_begins_to_play(context):
    _, plays = performed(context, 20.0)
    assert [target for target, _ in plays] == ["s", "s"]
    assert all(position_s < 0.2 for _, position_s in plays)
