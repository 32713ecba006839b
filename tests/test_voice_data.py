"""What the voices that ship learn from, in small: a sound font, drawn instruments, a library, drums and textures."""

import json

import numpy as np
import pytest
import soundfile
from parts import need_program

from gansynth.dataset import soundfont, voice_data
from gansynth.dataset.records import FAMILIES

RATE = 16000


@pytest.fixture
def font(monkeypatch):
    """FluidSynth and FluidR3; one instrument at two pitches, one drum kit of two keys, one effect."""
    need_program("fluidsynth")
    monkeypatch.setattr(voice_data, "PROGRAMS", {73: (45, 105)})
    monkeypatch.setattr(voice_data, "PITCHES", (60, 67))
    monkeypatch.setattr(voice_data, "LENGTH", 8000)
    monkeypatch.setattr(voice_data, "SHORT", 28000)
    monkeypatch.setattr(voice_data, "held_s", lambda program, velocity: 0.3)
    monkeypatch.setattr(voice_data, "KITS", (0, 8))
    monkeypatch.setattr(voice_data, "DRUM_KEYS", (36, 42))
    monkeypatch.setattr(voice_data, "EFFECTS", (122,))
    monkeypatch.setattr(voice_data, "EFFECT_KEYS", (60,))
    monkeypatch.setattr(voice_data, "TEXTURES", 3)
    monkeypatch.setattr(voice_data.additive, "INSTRUMENTS", voice_data.additive.INSTRUMENTS[:1])
    return soundfont.find_fluidsynth(), soundfont.find_sound_font()


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "library"
    folder.mkdir()
    entries = {}
    for dynamic in ("piano", "mezzo-piano", "fortissimo"):
        name = f"oboe_60_{dynamic}_1"
        soundfile.write(folder / f"{name}.flac", 0.9 * np.sin(np.arange(4000) / 10), RATE)
        entries[name] = {"instrument": "oboe", "pitch": 60, "dynamic": dynamic}
    (folder / "notes.json").write_text(json.dumps(entries))
    return folder


def test_the_pitched_voice_learns_from_three_sources(font, library):
    found = {note.name: note for note in voice_data.notes(*font, library, lambda done, total: None)}
    families = {FAMILIES[note.labels.family] for note in found.values()}
    assert families == {"flute", "reed", "organ"}
    assert {len(note.audio) for note in found.values()} == {8000}


def test_soft_notes_have_lower_peaks(font, library):
    found = {note.labels.instrument: note for note in voice_data.notes(*font, library, lambda done, total: None)}
    peaks = {name: round(float(np.abs(note.audio).max()), 2) for name, note in found.items()}
    assert (peaks["flute-v045"], peaks["flute-v105"]) == (0.42, 0.7)
    assert (peaks["oboe-piano"], peaks["oboe-mezzo-piano"], peaks["oboe-fortissimo"]) == (0.42, 0.48, 0.7)


def test_the_other_voice_learns_drums_effects_and_textures_at_one_pitch(font):
    found = list(voice_data.sounds(*font, lambda done, total: None))
    names = {note.name.split("_")[0] for note in found}
    assert {"kit0", "effect122", "clang", "hit", "sweep"} <= names
    assert {note.labels.pitch for note in found} == {60}
    assert {len(note.audio) for note in found} == {28000}


def test_keys_are_held_for_times_of_their_own():
    times = {voice_data.held_s(program, 90) for program in range(40)}
    assert len(times) > 30
    assert 1 <= min(times) < max(times) <= 3.4
