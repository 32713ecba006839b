"""The classifier of families: it separates what differs, guesses where nothing does, and reports its accuracy."""

import numpy as np
import pytest

from gansynth.report.family_classifier import UNKNOWN, Confusion, instrument_group, pitch_group, predict_held_out, train

FAMILIES = ["brass", "string"] * 100
GROUPS = list(np.arange(200) // 2 % 10)


def vectors(distance):
    """Two clouds, so far apart."""
    away = distance * np.equal(FAMILIES, "brass")
    return np.random.default_rng(0).standard_normal((200, 20)) + away[:, None]


def test_different_families_are_distinguished():
    predicted = predict_held_out(vectors(2.0), FAMILIES, GROUPS)
    assert Confusion.of(FAMILIES, predicted.tolist()).accuracy > 0.97


def test_shuffled_labels_are_guessed():
    shuffled = np.random.default_rng(1).permutation(FAMILIES).tolist()
    found = Confusion.of(shuffled, predict_held_out(vectors(2.0), shuffled, GROUPS).tolist())
    assert found.accuracy == pytest.approx(0.5, abs=0.12)
    assert found.chance == pytest.approx(0.5, abs=0.02)


def test_a_family_in_one_group_cannot_be_held_out():
    assert predict_held_out(vectors(2.0), FAMILIES, ["one"] * 200) is None


def test_one_family_is_refused():
    with pytest.raises(ValueError, match="all notes are brass"):
        train(np.zeros((4, 2)), ["brass"] * 4)


def test_recall_and_precision():
    found = Confusion.of(["brass"] * 4 + ["string"] * 2, ["brass"] * 3 + ["string"] * 3)
    assert (found.recall("brass"), found.precision("brass")) == (0.75, 1.0)
    assert (found.recall("string"), found.precision("string")) == (1.0, pytest.approx(2 / 3))
    assert found.accuracy == pytest.approx(5 / 6)


def test_a_family_that_is_never_requested_has_no_recall():
    found = Confusion.of(["brass"], ["string"])
    assert (found.recall("string"), found.precision("brass")) == (None, None)


def test_an_inaudible_note_counts_as_missed():
    assert Confusion.of(["brass", "brass"], ["brass", UNKNOWN]).recall("brass") == 0.5


def test_velocities_of_one_instrument_are_one_group():
    assert {instrument_group(name) for name in ("oboe-v060", "oboe-v110", "oboe")} == {"oboe"}


def test_neighbouring_pitches_stay_together():
    assert [pitch_group(pitch) for pitch in (60, 61, 62, 63)] == [20, 20, 20, 21]
