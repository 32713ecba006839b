"""The way to the voice that ships, once through in small: sound font, training, shrinking."""

import signal
import sys
from dataclasses import replace

import pytest
import small_run
from parts import need_program

import gansynth
from core.audio import wav
from core.training import training_backend
from gansynth import octave_gains
from gansynth.dataset import soundfont, textures, voice_data
from gansynth.dataset.records import Labels, Note
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


def test_the_orchestra_is_made_as_loud_as_its_notes(in_small, monkeypatch, tmp_path, capfd):
    waves = {f"flute_{pitch}": (pitch, small_run.tone(pitch, 3)) for pitch in (60, 64, 67)}
    few = [Note(f"{name}_{pitch}", Labels(name, pitch, family=2), wave) for name, (pitch, wave) in waves.items()]
    monkeypatch.setattr(voice_data, "orchestra", lambda *places: few)
    monkeypatch.setattr(octave_gains, "NOTES", 12)
    words = [str(tmp_path), "--voice", "orchestra", "--library", str(tmp_path), "--images", "16"]
    assert make_voice.main(words) == 0
    assert any(gansynth.read_config(tmp_path / "orchestra").octave_gains_db)


def test_a_library_is_only_for_voices_that_learn_from_one(tmp_path, capsys):
    assert make_voice.main([str(tmp_path), "--voice", "percussion", "--library", str(tmp_path)]) == 1
    assert "--library is for orchestra and mixed" in capsys.readouterr().err


def test_the_orchestra_needs_a_library(tmp_path, capsys):
    assert make_voice.main([str(tmp_path), "--voice", "orchestra"]) == 1
    assert "name their folder with --library" in capsys.readouterr().err


def test_the_orchestra_learns_from_the_library_and_what_it_lacks(tmp_path, monkeypatch):
    need_program("fluidsynth")
    monkeypatch.setattr(voice_data, "BESIDE", {56: (60,)})
    monkeypatch.setattr(voice_data, "ORCHESTRA_PITCHES", (60, 61))
    wav.write(tmp_path / "cello_60.wav", small_run.tone(60, 3), small_run.RATE)
    (tmp_path / "notes.json").write_text('{"cello_60": {"instrument": "cello", "pitch": 60, "dynamic": "forte"}}')
    sound_font = soundfont.find_sound_font()
    notes = list(voice_data.orchestra(soundfont.find_fluidsynth(), sound_font, tmp_path, lambda done, total: None))
    assert [note.labels.instrument for note in notes] == ["trumpet-v060", "trumpet-v060", "cello-forte"]
    assert {len(note.audio) for note in notes} == {voice_data.ORCHESTRA_LENGTH}


def test_what_training_needs_is_missed_before_the_dataset_is_made(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(training_backend, "find_spec", lambda name: None)
    monkeypatch.delenv(training_backend.VARIABLE, raising=False)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    assert make_voice.main([str(tmp_path / "work")]) == 1
    assert "hallu[train]" in capsys.readouterr().err and not (tmp_path / "work").exists()
