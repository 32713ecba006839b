"""Loudness by ITU-R BS.1770, and the gains that make models equally loud."""

from pathlib import Path

import numpy as np
import pytest

import gansynth
from core.audio import levels
from core.audio.loudness import TARGET_LUFS, gain_db_to, loudness_lufs, mean_loudness_lufs
from gansynth.hallucination import Timing, hallucinate
from gansynth.latent_prior import LatentPrior
from gansynth.level import hallucination_db, measure

RATE = 16000
FLUID = Path(__file__).parent.parent / "models" / "gansynth" / "fluid"


def sine(hz, seconds, level):
    return level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


class LoudModel:
    """Notes that are the same sine at any level."""

    def __init__(self, level, rate=RATE):
        self.name, self.pitches, self.latent_size = "loud", (40, 52), 8
        self.sample_rate, self.audio_length, self.level = rate, 2 * rate, level
        self.prior = LatentPrior(self.latent_size)

    def generate(self, z, pitches):
        return np.float32([sine(440, 2, self.level)] * len(z))


@pytest.fixture(scope="module")
def fluid():
    return gansynth.load(FLUID)


def test_a_full_scale_sine_of_997_hz_has_minus_3_lufs():
    # The calibration of BS.1770: 0 dBFS in one channel is -3.01 LKFS.
    assert loudness_lufs(sine(997, 2, 1.0), RATE) == pytest.approx(-3.01, abs=0.1)


def test_half_the_amplitude_is_six_decibels_less():
    halved = loudness_lufs(sine(440, 2, 1.0), RATE) - loudness_lufs(sine(440, 2, 0.5), RATE)
    assert halved == pytest.approx(6.02, abs=0.01)


def test_a_short_sound_is_as_loud_as_a_long_one():
    assert loudness_lufs(sine(500, 0.1, 0.5), RATE) == pytest.approx(loudness_lufs(sine(500, 3, 0.5), RATE), abs=0.3)


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros(10), np.zeros(RATE), np.full(RATE, np.nan)])
def test_silence_is_bounded(wave):
    assert loudness_lufs(wave, RATE) == -120.0
    assert gain_db_to(TARGET_LUFS, loudness_lufs(wave, RATE)) == 40.0


def test_no_sounds_are_silent():
    assert mean_loudness_lufs([], RATE) == -120.0


@pytest.mark.parametrize("level", [0.005, 0.1, 13.0])
def test_the_gain_of_a_model_brings_its_notes_to_the_common_loudness(level):
    gain = levels.gain(measure(LoudModel(level)).note_db)
    assert loudness_lufs(gain * sine(440, 2, level), RATE) == pytest.approx(TARGET_LUFS, abs=0.1)


@pytest.mark.parametrize(("seconds", "longest_s"), [(2, 60.0), (7, 2.0)])
def test_the_gain_of_a_hallucination_brings_it_to_the_common_loudness(monkeypatch, seconds, longest_s):
    monkeypatch.setattr("gansynth.level._PART_S", longest_s)
    wave = sine(440, seconds, 0.5)
    assert loudness_lufs(wave * levels.gain(hallucination_db(wave, RATE)), RATE) == pytest.approx(TARGET_LUFS, abs=0.1)


def test_the_gain_of_a_hallucination_leaves_its_peaks_to_no_limiter():
    strokes = np.where(np.arange(4 * RATE) % RATE < 20, 0.5, 0.0)
    assert 0.5 * levels.gain(hallucination_db(strokes, RATE)) == pytest.approx(levels.PEAK, abs=1e-3)
    assert hallucination_db(np.zeros(RATE), RATE) < 6


def test_a_model_that_plays_noise_or_nothing_gets_a_bounded_gain():
    assert measure(LoudModel(0.0)).note_db == 40.0
    assert measure(LoudModel(1e6)).note_db == -60.0
    assert measure(LoudModel(float("nan"))).note_db == 40.0


def test_a_low_sample_rate_is_measured_too():
    assert np.isfinite(measure(LoudModel(0.5, rate=1000)).note_db)


def test_notes_and_hallucinations_of_the_shipped_model_are_equally_loud(fluid):
    level, random = measure(fluid), np.random.default_rng(5)
    assert level == measure(fluid)
    z = random.standard_normal((40, fluid.latent_size)).astype(np.float32)
    notes = fluid.generate(z, random.choice(fluid.pitches, 40)) * levels.gain(level.note_db)
    paths = [hallucinate(fluid, z[k : k + 4], 3, Timing(0.2, 0, 0.5, 0.5, 0.5), 52) for k in (0, 10, 20)]
    paths = [path * levels.gain(level.hallucination_db) for path in paths]
    loud = [mean_loudness_lufs(waves, fluid.sample_rate) for waves in (notes, paths)]
    assert loud == pytest.approx([TARGET_LUFS, TARGET_LUFS], abs=2.0)


def test_a_model_that_plays_tones_loads_without_a_warning(fluid, caplog):
    assert measure(fluid).in_tune == 1.0
    assert caplog.text == ""


def test_a_model_that_plays_noise_is_logged(magenta, caplog):
    assert measure(magenta).in_tune == 0.0
    assert "magenta_small plays noise: 0 of 8 notes are in tune" in caplog.text


class NoiseModel(LoudModel):
    """Noise that is the same for all."""

    def generate(self, z, pitches):
        return np.float32([0.1 * np.random.default_rng(0).standard_normal(self.audio_length)] * len(z))


def test_noise_is_no_fault_of_a_model_without_pitches_to_choose(caplog):
    model = NoiseModel(0.1)
    model.pitches = (60,)
    assert measure(model).in_tune == 1.0
    assert caplog.text == ""


def test_noise_is_a_fault_of_a_model_with_pitches_to_choose(caplog):
    assert measure(NoiseModel(0.1)).in_tune == 0.0
    assert "loud plays noise" in caplog.text
