"""Estimated pitch of known notes: cents, octaves, nothing at all; and the clarity of a tone."""

import numpy as np
import pytest

from gansynth.report.tuning import Tuning, cents_off, clarity_db

RATE = 16000
TIMES = np.arange(RATE) / RATE


def tone(pitch, cents=0.0, harmonics=4):
    hertz = 440 * 2 ** ((pitch + cents / 100 - 69) / 12)
    return sum(0.3 / k * np.sin(2 * np.pi * k * hertz * TIMES) for k in range(1, harmonics + 1)).astype(np.float32)


def noise(level=0.1):
    return (level * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)


@pytest.mark.parametrize("pitch", [40, 60, 84])
@pytest.mark.parametrize("cents", [-70, 30])
def test_it_hears_cents(pitch, cents):
    assert cents_off(tone(pitch, cents), pitch, RATE) == pytest.approx(cents, abs=4)


def test_30_cents_are_in_tune_and_70_are_not():
    found = Tuning.of(np.array([cents_off(tone(57, cents), 57, RATE) for cents in (30, 70)]))
    assert (found.notes, found.in_tune, found.octaves_off) == (2, 0.5, 0.0)


def test_an_octave_is_out_of_tune_and_called_an_octave():
    found = Tuning.of(np.array([cents_off(tone(pitch), 57, RATE) for pitch in (45, 69, 64)]))
    assert (found.in_tune, found.octaves_off) == (0.0, pytest.approx(2 / 3))


def test_the_search_is_not_limited_to_the_requested_pitch():
    assert cents_off(tone(76), 40, RATE) == pytest.approx(3600, abs=5)


@pytest.mark.parametrize("wave", [np.zeros(RATE), np.full(RATE, np.nan)], ids=["silence", "nan"])
def test_nothing_to_hear_is_out_of_tune(wave):
    assert Tuning.of(np.array([cents_off(wave, 60, RATE)])) == Tuning(1, 0.0, 0.0, None)


def test_a_note_shorter_than_a_frame_is_listened_to_all_the_same():
    assert cents_off(tone(69)[:1500], 69, RATE) == pytest.approx(0, abs=10)


def test_clarity_is_the_ratio_of_tone_to_noise():
    wave = tone(57, harmonics=1)
    same_power = noise(float(np.sqrt(np.mean(wave**2))))
    for wanted_db in (0, 10, 20):
        assert clarity_db(wave + same_power * 10 ** (-wanted_db / 20), 57, RATE) == pytest.approx(wanted_db, abs=1.5)


def test_noise_is_not_a_clear_tone():
    assert clarity_db(noise(), 57, RATE) < -5


def test_a_clear_tone_of_another_pitch_is_not_clear_at_the_requested_one():
    assert clarity_db(tone(64), 57, RATE) < 6 < 30 < clarity_db(tone(64), 64, RATE)
