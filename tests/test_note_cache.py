"""Notes in memory, and the functions that put them there."""

from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
from recorded_request import RecordedRequest

from server.session import Session
from server.sounds import live_notes
from server.sounds.live_notes import render_missing
from server.sounds.note_cache import CachedNote, NoteCache, note_key
from server.sounds.result import Context

PITCHES = (60, 61, 62)


class CountingModel(SimpleNamespace):
    """Notes of 10 samples, all as loud as the first value of z."""

    def blocks(self, z, pitch, *, conditions=None, notes=1):
        self.played.append((float(z[0]), pitch))
        yield np.full(4, z[0], np.float32)
        yield np.full(6, z[0], np.float32)


@pytest.fixture
def session():
    model = CountingModel(name="ten", latent_size=2, pitches=PITCHES, audio_length=10, sample_rate=1000, played=[])
    return Session.seeded(0).with_model(model, None).with_slots([("a", np.ones(2)), ("b", np.zeros(2))])


def prepared(session, notes, *message):
    request = RecordedRequest("/sound/prepare", *message)
    live_notes.prepare(Context(session, None, notes), request)
    while render_missing(session, notes):
        pass
    return notes


def play(session, notes, slot, pitch):
    return live_notes.note(Context(session, None, notes), RecordedRequest("/sound/note", "t", slot, pitch))


def test_a_prepared_note_is_whole_at_once(session):
    notes = prepared(session, NoteCache(), "a", 61)
    result = play(session, notes, "a", 61)
    assert result.rest is None and [len(sound.wave) for sound in result.sounds] == [4, 10]
    assert session.model.played == [(1.0, 61)]


def test_without_pitches_all_of_the_model_are_prepared(session):
    prepared(session, NoteCache(), "a")
    assert session.model.played == [(1.0, pitch) for pitch in PITCHES]


def test_a_slot_that_changes_is_prepared_again(session):
    notes = prepared(session, NoteCache(), "a", 61)
    session = session.with_slots([("a", np.full(2, 5.0))])
    assert render_missing(session, notes) and not render_missing(session, notes)
    assert play(session, notes, "a", 61).rest is None


def test_a_note_that_was_played_is_kept(session):
    notes, request = NoteCache(), RecordedRequest("/sound/note", "t", "a", 60)
    context = Context(session, None, notes)
    live_notes.note(context, request).rest(context, request)
    assert play(session, notes, "a", 60).rest is None


@pytest.mark.parametrize(
    "other",
    [
        {"conditions": MappingProxyType({"family": ("brass",)})},
        {"components_file": "c.npz", "edits": (1.0,)},
        {"folder": "elsewhere"},
    ],
)
def test_a_note_is_another_one_with_other_settings(session, other):
    changed = Session(**{**vars(session), **other})
    z = session.slots["a"]
    assert note_key(session, z, 60) != note_key(changed, z, 60)


def test_the_cache_keeps_the_notes_that_were_used_last():
    notes = NoteCache(limit_bytes=100)
    for key in "abc":
        notes.put(key, CachedNote(np.zeros(10, np.float32), 4))
        notes.get("a")
    assert [key for key in "abc" if notes.get(key)] == ["a", "c"]


def test_no_more_is_prepared_than_fits(session):
    notes = prepared(session, NoteCache(limit_bytes=100), "a")
    assert session.model.played == [(1.0, PITCHES[-1])]
    assert not render_missing(session, notes)
