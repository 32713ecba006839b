"""The session as a value: each change gives another one."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.commands.limits import MAX_SLOTS
from server.session import Session

MODEL = SimpleNamespace(name="four", latent_size=4, pitches=(30, 31, 40))


@pytest.fixture
def session():
    """A session with a model and two slots."""
    slots = [("a", np.ones(4)), ("b", np.zeros(4))]
    return Session.seeded(7).with_model(MODEL, None).with_slots(slots)


def test_no_field_can_be_set(session):
    with pytest.raises(AttributeError):
        session.seed = 8


def test_no_slot_can_be_set(session):
    with pytest.raises(TypeError):
        session.slots["a"] = np.zeros(4)


def test_no_value_in_a_slot_can_be_set(session):
    with pytest.raises(ValueError, match="read-only"):
        session.slots["a"][0] = 5.0


def test_a_slot_does_not_follow_the_array_it_was_filled_with():
    z = np.zeros(4, np.float32)
    session = Session.seeded(7).with_slots([("a", z)])
    z[0] = 5.0
    assert session.slots["a"].tolist() == [0, 0, 0, 0]


def test_drawing_leaves_the_session_as_it_is(session):
    first, second = session.draw(2, 4)[1], session.draw(2, 4)[1]
    assert first.tolist() == second.tolist()


def test_the_next_session_draws_on(session):
    after, first = session.draw(2, 4)
    np.testing.assert_array_equal(
        np.concatenate([first, after.draw(3, 4)[1]]), np.random.default_rng(7).standard_normal((5, 4), np.float32)
    )


def test_filling_leaves_the_session_as_it_is(session):
    assert session.with_slots([("c", np.ones(4))]).slots.keys() == {"a", "b", "c"}
    assert session.slots.keys() == {"a", "b"}


def test_what_was_used_last_stays_longest(session):
    used, _ = session.latents(["a"])
    full = used.with_slots((str(number), np.zeros(4)) for number in range(MAX_SLOTS - 1))
    assert len(full.slots) == MAX_SLOTS
    assert "a" in full.slots and "b" not in full.slots


def test_another_model_has_no_conditions_components_or_edits(session):
    slots = session.slots
    before = Session(7, session.random, slots, MODEL, "x", {"family": ("brass",)}, SimpleNamespace(), "x.npz", (1.0,))
    after = before.with_model(MODEL, None)
    assert (after.conditions, after.components, after.components_file, after.edits) == ({}, None, None, ())
    assert after.slots is slots


def test_the_default_pitch_is_the_nearest_to_32(session):
    assert session.default_pitch() == 31


def test_what_was_drawn_stays_when_a_slot_was_set_meanwhile(session):
    drawn, _ = session.draw(3)
    now = session.with_slots([("a", np.zeros(4))])
    merged = drawn.after(session, now)
    assert (merged.random, merged.slots) == (drawn.random, now.slots)


def test_what_was_set_meanwhile_stays(session):
    used = session.using(["a"])
    now = session.with_slots([("c", np.zeros(4))])
    assert list(used.after(session, now).slots) == ["a", "b", "c"]


def test_a_slot_that_long_work_fills_is_kept_although_a_note_was_played_meanwhile(session):
    found = session.with_slots([("found", np.ones(4)), ("b", np.ones(4))])
    now = session.using(["a"]).with_slots([("b", np.full(4, 3.0))])
    merged = found.after(session, now).slots
    assert (merged["found"][0], merged["b"][0]) == (1, 3)
