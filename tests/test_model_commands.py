"""Loading and unloading models, with a fake model; no sockets, no engine thread."""

# ruff: noqa: F811 - fixtures

from dataclasses import astuple

import numpy as np
import pytest
from fake_instrument import instrument  # noqa: F401 - a fixture

from gansynth.level import Level, hallucination_db
from server.osc.packet import Message


def test_load_reports_the_facts(instrument):
    loaded, level = instrument.ask("/sound/load", "fake")
    assert loaded == Message("/sound/loaded", ("fake", 1000, 1000, 4, 30, 31, 32, 40))
    assert (level.address, level.args[0]) == ("/sound/level", "fake")


def test_load_reports_the_gains_that_it_measured_and_keeps_them(instrument):
    level = instrument.ask("/sound/load", "fake")[1]
    assert level.args[1:] == astuple(instrument.session.level)
    assert all(-60 <= gain <= 40 for gain in level.args[1:3])


def test_sounds_carry_the_gain_that_they_need_and_stay_as_they_are(instrument):
    session = instrument.session
    instrument.ask("/sound/randomize_z", "a")
    instrument.ask("/sound/synthesize", "a", "note", 40)
    instrument.ask("/sound/hallucinate", "path", 2, 1)
    note, path = (event[1] for event in instrument.listener.events if event[0] == "rendered")
    assert note.gain_db == session.level.note_db
    assert path.gain_db == hallucination_db(path.wave, session.model.sample_rate)
    assert np.abs(note.wave).max() > 35 and np.abs(path.wave).max() == pytest.approx(0.5)


def test_the_model_of_the_start_is_measured_too(instrument):
    measured = instrument.session.level
    second = instrument.again()
    second.work.prepare()
    assert second.session.level == measured


def test_a_loaded_model_is_read_again_only_if_its_files_changed(instrument, tmp_path):
    model, folder = instrument.session.model, tmp_path / "models" / "gansynth" / "fake"
    instrument.ask("/sound/load", "fake")
    (folder / "fake_conv0.npz").touch()
    instrument.ask("/sound/load", str(folder))
    assert instrument.session.model is model
    (folder / "stage_00000" / "checkpoint").touch()
    instrument.ask("/sound/load", "fake")
    assert instrument.session.model is not model


def test_a_model_is_measured_once_unless_its_files_change(instrument, monkeypatch, tmp_path):
    measured = []
    monkeypatch.setattr("server.sounds.models.measure", lambda model, progress: measured.append(model) or Level(3.0))
    for name in ("other", "fake", "other"):
        instrument.ask("/sound/load", name)
    assert [model.name for model in measured] == ["other"]


def test_a_model_is_read_again_after_unloading(instrument):
    model = instrument.session.model
    instrument.ask("/sound/unload")
    instrument.ask("/sound/load", "fake")
    assert instrument.session.model is not model


def test_a_missing_checkpoint_names_the_option_and_keeps_the_model(instrument):
    with pytest.raises(OSError, match="--models"):
        instrument.ask("/sound/load", "nothing")
    assert instrument.session.model.name == "fake"


@pytest.mark.parametrize("name", ["..", "../..", ".", "/etc", "../gansynth/../../spool", "x" * 250, "a/b", "~"])
def test_paths_stay_inside_the_models_folders(instrument, name):
    with pytest.raises(FileNotFoundError):
        instrument.ask("/sound/load", name)


def test_links_out_of_the_models_folders_are_not_followed(instrument, tmp_path):
    (tmp_path / "outside" / "stage_00000").mkdir(parents=True)
    (tmp_path / "models" / "gansynth" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(FileNotFoundError, match="is a link that leads out"):
        instrument.ask("/sound/load", "link")


def test_an_absolute_path_inside_is_a_checkpoint(instrument, tmp_path):
    loaded, _ = instrument.ask("/sound/load", str(tmp_path / "models" / "gansynth" / "other"))
    assert loaded.args[0] == "other"


def test_an_absolute_path_outside_is_none(instrument, tmp_path):
    (tmp_path / "outside" / "stage_00000").mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        instrument.ask("/sound/load", str(tmp_path / "outside"))


def test_unload_lets_the_model_go_and_keeps_the_slots(instrument):
    instrument.ask("/sound/randomize_z", "a")
    assert instrument.ask("/sound/unload") == [Message("/sound/unloaded")]
    assert (instrument.session.model, list(instrument.session.slots)) == (None, ["a"])


@pytest.mark.parametrize(
    "message",
    [
        ("/sound/randomize_z", "a"),
        ("/sound/set_z", "a", 1, 2, 3, 4),
        ("/sound/synthesize", "a", "t", 32),
        ("/sound/hallucinate", "t", 3, 3),
        ("/sound/hallucinate_z", "t", 3, 0.1, 0, 0.1, 0.1, 0.1, 32, "a"),
    ],
)
def test_without_a_model_commands_fail(instrument, message):
    instrument.ask("/sound/unload")
    with pytest.raises(ValueError, match="no model is loaded"):
        instrument.ask(*message)
