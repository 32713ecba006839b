"""The way to the voice that ships, once through in small: sound font, training, shrinking."""

import signal
from dataclasses import replace

import pytest
import small_run
from parts import need_program

import gansynth
from gansynth.dataset import textures, voice_data
from gansynth.dataset.records import Note
from gansynth.dataset.voice_recipes import RECIPES
from scripts import make_voice


@pytest.fixture
def in_small(monkeypatch):
    """Six notes of 75 ms and networks of four channels."""
    need_program("fluidsynth")
    notes = ["--programs", "73,71", "--pitches", "60,64,67", "--length", str(small_run.LENGTH), "--hold_s", "0.05"]
    monkeypatch.setattr(make_voice, "NOTES", notes)
    for name, recipe in RECIPES.items():
        small = recipe.hparams | small_run.SETTINGS | {"train_progressive": False}
        monkeypatch.setitem(RECIPES, name, replace(recipe, hparams=small))


def test_the_voice_is_made_in_one_command(in_small, tmp_path, capfd):
    assert make_voice.main([str(tmp_path), "--images", "16"]) == 0
    model = gansynth.load(tmp_path / "fluid")
    assert model.pitches == (60, 64, 67)
    assert model.conditions.keys() == {"family"}
    assert len(list((tmp_path / "fluid").glob("stage_*"))) == 1


@pytest.fixture
def few_sounds(in_small, monkeypatch):
    """Six sounds of 75 ms, in place of two thousand, which other tests draw."""
    waves = {f"sound_{partials}": small_run.tone(60, partials) for partials in range(1, 7)}
    few = [Note(f"{name}_60", textures.unpitched(name, wave, small_run.RATE), wave) for name, wave in waves.items()]
    monkeypatch.setattr(voice_data, "sounds", lambda program, sound_font, progress: few)


def test_the_percussion_is_made_in_one_command(few_sounds, tmp_path, capfd):
    assert make_voice.main([str(tmp_path), "--voice", "percussion", "--images", "16"]) == 0
    model = gansynth.load(tmp_path / "percussion")
    assert (model.pitches, model.conditions.keys()) == ((60,), {"qualities"})
    assert list((tmp_path / "percussion").rglob("*.safetensors"))
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_library_is_only_for_the_mixed_voice(tmp_path, capsys):
    assert make_voice.main([str(tmp_path), "--voice", "percussion", "--library", str(tmp_path)]) == 1
    assert "--library is for mixed" in capsys.readouterr().err
