"""Notes drawn by additive synthesis, textures, and transposed notes."""

import numpy as np
import pytest

from gansynth.dataset import additive, textures
from gansynth.dataset.records import FAMILIES
from gansynth.dataset.transposition import transposed
from gansynth.report import tuning

RATE = 16000


@pytest.mark.parametrize("instrument", additive.INSTRUMENTS[::3], ids=lambda one: one.name)
def test_drawn_instruments_are_in_tune(instrument):
    wave = additive.note(instrument, 57, RATE, RATE, 0.6).audio
    assert abs(tuning.cents_off(wave, 57, RATE)) < 20


def test_a_drawn_note_has_its_peak_and_its_labels():
    note = additive.note(additive.INSTRUMENTS[0], 60, RATE, RATE, 0.6)
    assert np.abs(note.audio).max() == pytest.approx(0.6)
    assert (FAMILIES[note.labels.family], note.labels.pitch, note.name) == ("organ", 60, "drawbar_flute_60")


def test_a_released_note_is_silent():
    short = additive.AdditiveInstrument("short", "organ", hold_s=0.3, release_s=0.1)
    wave = additive.note(short, 60, RATE, RATE, 0.6).audio
    assert np.abs(wave[:4800]).max() > 0.3 > 0.001 > np.abs(wave[8000:]).max()


def test_every_kind_of_texture_sounds_and_ends():
    for note in textures.textures(len(textures.KINDS), RATE, RATE):
        assert np.isfinite(note.audio).all()
        assert np.abs(note.audio).max() == pytest.approx(0.7)
        assert abs(note.audio[-1]) < 0.01
        assert note.labels.pitch == textures.PITCH


def test_textures_repeat_and_differ():
    one, same, other = (textures.texture("grains", seed, RATE, RATE, 0.7).audio for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("semitones", [-7, -1, 2, 12])
def test_a_transposed_tone_is_at_its_new_pitch_and_as_loud(semitones):
    wave = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    found = transposed(wave, semitones)
    assert len(found) == pytest.approx(RATE / 2 ** (semitones / 12), abs=1)
    assert abs(tuning.cents_off(np.resize(found, RATE // 2), 69 + semitones, RATE)) < 5
    assert np.abs(found).max() == pytest.approx(1, abs=0.03)


def test_transposing_upwards_folds_nothing_down():
    found = transposed(np.sin(2 * np.pi * 6000 * np.arange(RATE) / RATE), 7)
    assert np.abs(found[100:-100]).max() < 0.01
