"""The way to the voice that ships, once through in small: sound font, training, shrinking."""

import pytest
import small_run
from parts import need_program

import gansynth
from scripts import make_voice


@pytest.fixture
def in_small(monkeypatch):
    """Six notes of 75 ms and networks of four channels."""
    need_program("fluidsynth")
    notes = ["--programs", "73,71", "--pitches", "60,64,67", "--length", str(small_run.LENGTH), "--hold_s", "0.05"]
    monkeypatch.setattr(make_voice, "NOTES", notes)
    monkeypatch.setattr(make_voice, "HPARAMS", make_voice.HPARAMS | small_run.SETTINGS | {"train_progressive": False})


def test_the_voice_is_made_in_one_command(in_small, tmp_path, capfd):
    assert make_voice.main([str(tmp_path), "--images", "16"]) == 0
    model = gansynth.load(tmp_path / "fluid")
    assert model.pitches == (60, 64, 67)
    assert model.conditions.keys() == {"family"}
    assert len(list((tmp_path / "fluid").glob("stage_*"))) == 1
