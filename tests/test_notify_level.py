"""WAVs at the level of the model, for clients that ask for it by /notify, over a real socket."""

import numpy as np
import pytest
from drop_in import assert_at_level
from test_live_notes import ask, wave

PEAK = 10 ** (-1 / 20)


@pytest.fixture
def plain(server):
    """A client that asks for nothing."""
    peer = server.peer()
    ask(peer, "/sound/randomize_z", "level-a", "level-b")
    return peer


@pytest.fixture
def louder(server):
    """A client that asks for the level."""
    peer = server.peer()
    ask(peer, "/notify", 0, 0, 1)
    return peer


NOTE = ("/sound/synthesize", "level-a", "n", 40)
PATH = ("/sound/hallucinate_z", "h", 2, 0.2, 0, 0.2, 0.2, 0.2, 40, "level-a", "level-b")


@pytest.mark.parametrize(("message", "hallucination"), [(NOTE, False), (PATH, True)], ids=["note", "hallucination"])
def test_a_client_gets_its_sounds_at_the_models_level(server, plain, louder, message, hallucination):
    made, found = (wave(ask(peer, *message)[-2]) for peer in (plain, louder))
    assert_at_level(server, found, made, hallucination=hallucination, tolerance=1e-6)
    assert not np.allclose(found, made, rtol=0.1)


def test_other_clients_get_what_the_model_makes_bit_by_bit(plain, louder):
    before = wave(ask(plain, *NOTE)[0])
    ask(louder, *NOTE)
    assert wave(ask(plain, *NOTE)[0]).tobytes() == before.tobytes()


def test_notes_played_live_differ_by_client_too(plain, louder):
    note = ("/sound/note", "n", "level-a", 41)
    first, found, again = (wave(ask(peer, *note)[1]) for peer in (plain, louder, plain))
    assert first.tobytes() == again.tobytes()
    assert np.abs(found).max() <= PEAK < np.abs(first).max()


@pytest.mark.parametrize("rate", [44100, 48000])
def test_no_sample_is_above_minus_1_dbfs_at_any_rate(server, plain, rate):
    peer = server.peer()
    ask(peer, "/notify", 0, rate, 1)
    sounds = [wave(ask(peer, "/sound/synthesize", "level-a", "n", pitch)[0]) for pitch in (30, 45, 60)]
    assert max(np.abs(sound).max() for sound in sounds) <= PEAK


def test_a_level_is_given_up_by_the_next_notify(plain, louder):
    ask(louder, "/notify")
    assert wave(ask(louder, *NOTE)[0]).tobytes() == wave(ask(plain, *NOTE)[0]).tobytes()


def test_a_level_that_is_neither_is_refused(plain):
    (fail,) = plain.ask("/notify", 0, 0, 2)
    assert fail.address == "/fail" and "level must be in 0..1, not 2" in fail.args[2]
