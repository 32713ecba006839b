"""What commands leave behind, and what is reported of them, with a fake model; no sockets, no engine thread."""

# ruff: noqa: F811 - fixtures

import numpy as np
import pytest
from fake_instrument import instrument  # noqa: F401 - a fixture
from recorded_request import RecordedRequest

from server.engine.request import Cancelled
from server.sinks.wav_spool import WavSink
from server.sounds.result import Context


def test_a_cancelled_request_changes_nothing(instrument):
    request = RecordedRequest("/sound/randomize_z", "a", sink=WavSink(instrument.spool))
    request.cancel()
    with pytest.raises(Cancelled):
        instrument.work.perform(request)
    assert not instrument.session.slots


def test_slots_seed_and_model_come_back(instrument):
    instrument.ask("/sound/seed", 9)
    instrument.ask("/sound/randomize_z", "a")
    again = instrument.again()
    again.work.reload(None)
    assert again.session.slots["a"].tolist() == instrument.session.slots["a"].tolist()
    assert (again.session.model.name, again.session.seed) == ("fake", 9)
    assert again.ask("/sound/randomize_z", "b") == instrument.ask("/sound/randomize_z", "b")


def test_the_model_named_at_the_start_comes_back(instrument):
    instrument.again().work.reload("other")
    again = instrument.again()
    again.work.reload(None)
    assert again.session.model.name == "other"


def test_an_unloaded_model_does_not_come_back(instrument):
    instrument.ask("/sound/unload")
    again = instrument.again()
    again.work.reload(None)
    assert again.session.model is None


def test_a_model_that_is_gone_is_a_log_line(instrument, tmp_path, caplog):
    (tmp_path / "models" / "gansynth" / "fake" / "stage_00000").rmdir()
    again = instrument.again()
    again.work.reload(None)
    assert again.session.model is None
    assert "without a model" in caplog.text


def test_a_state_that_cannot_be_written_is_reported_once_and_saved_when_it_can_be(instrument, tmp_path, caplog):
    (tmp_path / "state.npz").unlink()
    (tmp_path / "state.npz").mkdir()
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/randomize_z", "b")
    assert "state.npz" in instrument.work.unsaved
    assert caplog.text.count("cannot be saved, playing on") == 1
    (tmp_path / "state.npz").rmdir()
    instrument.work.idle()
    assert (instrument.work.unsaved, list(instrument.again().session.slots)) == ("", ["a", "b"])


def test_a_request_that_is_cancelled_at_the_last_moment_leaves_no_file(instrument, tmp_path, monkeypatch):
    def cancelled(request):
        raise Cancelled("at the last moment")

    monkeypatch.setattr(RecordedRequest, "commit", cancelled)
    with pytest.raises(Cancelled):
        instrument.ask("/sound/hallucinate", "t", 2, 1)
    assert not list((tmp_path / "spool").iterdir())


def test_a_model_that_is_gone_stays_in_the_file_until_another_one_replaces_it(instrument, tmp_path):
    (tmp_path / "models").rename(tmp_path / "away")
    instrument.again().ask("/sound/seed", 5)
    (tmp_path / "away").rename(tmp_path / "models")
    back = instrument.again()
    back.work.prepare()
    assert (back.session.model.name, back.session.seed) == ("fake", 5)
    gone = instrument.again()
    gone.ask("/sound/unload")
    assert instrument.again().session.setup.model is None


def test_models_work_and_sounds_are_reported(instrument):
    instrument.listener.events.clear()
    instrument.ask("/sound/load", "other")
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/synthesize", "a", "t", 30)
    kinds = [event[0] for event in instrument.listener.events]
    assert kinds == ["busy", "busy", "loaded", "busy", "busy", "busy", "busy", "rendered"]
    assert instrument.listener.events[2] == ("loaded", "other", 6, 1000)
    sound = instrument.listener.events[-1][1]
    assert (sound.target, sound.kind, sound.pitch, sound.sample_rate) == ("t", "note", 30, 1000)
    np.testing.assert_array_equal(sound.keys[0], instrument.session.slots["a"])


def test_a_sound_that_failed_is_not_reported(instrument):
    instrument.listener.events.clear()
    with pytest.raises(ValueError, match="no slot"):
        instrument.ask("/sound/synthesize", "missing", "t", 30)
    assert instrument.listener.events == [("busy", True), ("busy", False)]


def test_a_function_changes_nothing_itself(instrument):
    instrument.ask("/sound/randomize_z", "a")
    before = instrument.session
    context = Context(before, instrument.catalog)
    request = RecordedRequest("/sound/hallucinate", "t", 2, 1)
    first, second = (request.handler(context, request) for _ in range(2))
    np.testing.assert_array_equal(first.sounds[0].wave, second.sounds[0].wave)
    assert first.session.random == second.session.random != before.random
    assert instrument.session is before
    assert list(instrument.spool.folder.iterdir()) == []
