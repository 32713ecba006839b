"""Latent vectors in slots, with a fake model; no sockets, no engine thread."""

# ruff: noqa: F811 - fixtures

import numpy as np
import pytest
from fake_instrument import instrument  # noqa: F401 - a fixture
from recorded_request import RecordedRequest

from core.commands.limits import MAX_SLOTS
from server.engine.request import Cancelled


def values(reply):
    return np.array(reply.args[1:], np.float32)


def test_randomize_z_returns_each_slot(instrument):
    replies = instrument.ask("/sound/randomize_z", "a", "b")
    assert [(reply.address, reply.args[0], len(reply.args)) for reply in replies] == [
        ("/sound/z", "a", 5),
        ("/sound/z", "b", 5),
    ]


def test_a_seed_repeats_the_latents(instrument):
    instrument.ask("/sound/seed", 5)
    first = instrument.ask("/sound/randomize_z", "a", "b")
    instrument.ask("/sound/seed", 5)
    assert instrument.ask("/sound/randomize_z", "a", "b") == first


def test_a_slot_holds_what_was_set(instrument):
    instrument.ask("/sound/set_z", "a", 1, 2, 3.5, -4)
    assert instrument.session.slots["a"].tolist() == [1, 2, 3.5, -4]


def test_a_latent_of_the_wrong_size_is_refused(instrument):
    with pytest.raises(ValueError, match="needs 4 values per slot, not 3"):
        instrument.ask("/sound/set_z", "a", 1, 2, 3)


@pytest.mark.parametrize(("amount", "slot"), [(0, "a"), (1, "b")])
def test_slerp_is_exact_at_its_ends(instrument, amount, slot):
    instrument.ask("/sound/randomize_z", "a", "b")
    (reply,) = instrument.ask("/sound/slerp_z", "a", "b", "c", amount)
    assert values(reply).tolist() == instrument.session.slots[slot].tolist()


def test_slerp_of_a_missing_slot_names_it(instrument):
    instrument.ask("/sound/randomize_z", "a")
    with pytest.raises(ValueError, match="no slot 'b'"):
        instrument.ask("/sound/slerp_z", "a", "b", "c", 0.5)


def test_a_new_slot_beyond_the_limit_replaces_the_one_unused_for_longest(instrument):
    instrument.ask("/sound/randomize_z", *[f"s{number}" for number in range(MAX_SLOTS)])
    instrument.ask("/sound/slerp_z", "s0", "s2", "s2", 0.5)
    instrument.ask("/sound/randomize_z", "one more")
    assert len(instrument.session.slots) == MAX_SLOTS
    assert {"s0", "s2", "one more"} < instrument.session.slots.keys()
    assert "s1" not in instrument.session.slots


def test_randomize_z_is_all_or_nothing(instrument, monkeypatch):
    instrument.ask("/sound/randomize_z", "s0")
    before = {name: z.tolist() for name, z in instrument.session.slots.items()}
    numbers = instrument.session.random

    def cancelled(request):
        raise Cancelled("at the last moment")

    monkeypatch.setattr(RecordedRequest, "commit", cancelled)
    with pytest.raises(Cancelled):
        instrument.ask("/sound/randomize_z", "s0", "new")
    assert {name: z.tolist() for name, z in instrument.session.slots.items()} == before
    assert instrument.session.random == numbers


def test_a_slot_for_another_latent_size_is_kept_but_not_used(instrument):
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/load", "other")
    with pytest.raises(ValueError, match="has 4 values, but other needs 6"):
        instrument.ask("/sound/synthesize", "a", "t", 30)
    instrument.ask("/sound/load", "fake")
    assert instrument.ask("/sound/synthesize", "a", "t", 30)


def test_slerp_between_sizes_is_refused(instrument):
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/load", "other")
    instrument.ask("/sound/randomize_z", "b")
    with pytest.raises(ValueError, match="4 and 6 values"):
        instrument.ask("/sound/slerp_z", "a", "b", "c", 0.5)
