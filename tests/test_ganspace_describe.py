"""What a direction does, in numbers: sounds with known loudness, brightness, noisiness and sustain."""

from dataclasses import replace

import numpy as np
import pytest

import ganspace
from ganspace import audio_metrics
from ganspace.audio_metrics import SoundMeasurement, measure, sentence
from ganspace.edited_models import EditedModel
from tests.conftest import SMALL

RATE = 16000
TIME_S = np.arange(4 * RATE) / RATE


def sine(frequency_hz=1000.0, level=0.5):
    return level * np.sin(2 * np.pi * frequency_hz * TIME_S)


def test_a_sine_of_half_scale_is_9_db_below_full_scale():
    assert measure(sine(level=0.5), RATE).loudness_db == pytest.approx(-9.03, abs=0.01)


@pytest.mark.parametrize("frequency_hz", [250.0, 1000.0, 4000.0])
def test_a_sine_is_as_bright_as_it_is_high(frequency_hz):
    assert measure(sine(frequency_hz), RATE).brightness_hz == pytest.approx(frequency_hz, rel=0.01)


def test_noise_is_noisier_than_a_sine():
    noise = np.random.default_rng(0).standard_normal(len(TIME_S))
    assert measure(noise, RATE).noisiness_db > -1
    assert measure(sine(), RATE).noisiness_db < -40


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_sustain_is_how_long_a_sound_stays_loud(seconds):
    assert measure(sine() * (seconds > TIME_S), RATE).sustain_s == pytest.approx(seconds, abs=0.1)


def test_silence_is_finite():
    assert measure(np.zeros(RATE), RATE) == SoundMeasurement(-200.0, 0.0, 0.0, 0.0)


def test_a_sound_shorter_than_a_frame_is_measured():
    assert np.isfinite(measure(sine()[:100], RATE).brightness_hz)


def sounds(**values):
    steady = {"loudness_db": -20.0, "brightness_hz": 500.0, "noisiness_db": -20.0, "sustain_s": 2.0}
    return [SoundMeasurement(**(steady | {key: value[i] for key, value in values.items()})) for i in range(3)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"loudness_db": (-30, -20, -10)}, "louder (-30 dB to -10 dB)"),
        ({"brightness_hz": (900, 700, 500)}, "darker (900 Hz to 500 Hz)"),
        ({"noisiness_db": (-30, -20, -10)}, "noisier (-30 dB to -10 dB)"),
        ({"sustain_s": (3.0, 2.0, 0.5)}, "shorter (3.0 s to 0.5 s)"),
        ({"loudness_db": (-30, -10, -30)}, "loudness goes up and down (-30 dB to -10 dB)"),
        ({"loudness_db": (-20, -20.5, -21)}, "hardly changes loudness, brightness, noisiness or sustain"),
    ],
)
def test_a_direction_in_words(values, words):
    assert sentence(sounds(**values), (-1, 0, 1)) == words


def test_sounds_along_a_direction_pass_through_the_mean(magenta):
    course = ganspace.load(SMALL / "magenta_small_conv0_ipca_1024.pickle")
    waves = audio_metrics.waves_along(magenta, course, 2, 40, (-1.0, 0.0))
    mean = magenta.generate_from_activations("conv0", course.mean[None], [40])
    np.testing.assert_allclose(waves[1], mean[0], atol=1e-3 * np.abs(mean).max())
    assert not np.allclose(waves[0], waves[1])


@pytest.fixture(scope="module")
def course():
    return ganspace.load(SMALL / "magenta_small_conv0_ipca_1024.pickle")


def test_a_model_with_zero_edits_plays_its_own_notes(magenta, course):
    z = np.random.default_rng(0).standard_normal((2, magenta.latent_size))
    own, edited = (model.generate(z, [40, 50], length=4000) for model in (magenta, EditedModel(magenta, course, [0.0])))
    np.testing.assert_allclose(edited, own, atol=1e-3 * np.abs(own).max())


def test_edits_are_added_to_each_zs_own_activations(magenta, course):
    z = np.random.default_rng(0).standard_normal((9, magenta.latent_size))
    pitches, seen = list(range(40, 49)), []
    edited = EditedModel(magenta, course, [2.0, -1.0])
    waves = list(edited.notes(z, pitches, length=4000, progress=lambda done, total: seen.append((done, total))))
    moved = magenta.activations(z, pitches, "conv0") + course.offsets([[2.0, -1.0]])
    expected = magenta.generate_from_activations("conv0", moved, pitches, length=4000)
    np.testing.assert_allclose(waves, expected, atol=1e-3 * np.abs(expected).max())
    assert seen == [(i, 9) for i in range(10)]


def test_components_of_another_model_are_refused(magenta, course):
    with pytest.raises(ValueError, match="magenta_small has"):
        EditedModel(magenta, replace(course, layer="conv0_2"), [1.0])
    with pytest.raises(ValueError, match="conv9, which magenta_small does not have"):
        EditedModel(magenta, replace(course, layer="conv9"), [1.0])
