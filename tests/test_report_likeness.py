"""The figures by which generated notes as a whole are compared with real ones, on clouds and notes that are known."""

import os
from pathlib import Path

import numpy as np
import pytest

from core import distances
from core.audio.music_tagger import TAGS, MusicTagger, top_tags
from gansynth.report import bins, octave_levels
from gansynth.report.pitch_classifier import PitchClassifier, pitch_spectrum

RATE = 16000
TIMES = np.arange(RATE) / RATE


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_frechet_distance_of_two_normal_clouds_is_the_formulas(rng):
    one, other = rng.standard_normal((20000, 2)), 2 * rng.standard_normal((20000, 2)) + [3, 0]
    # (3 - 0)^2 + 2 * (2 - 1)^2
    assert distances.frechet(one, other) == pytest.approx(11, abs=0.3)


def test_the_frechet_distance_to_itself_is_0(rng):
    cloud = rng.standard_normal((100, 5))
    assert distances.frechet(cloud, cloud) == pytest.approx(0, abs=1e-6)


def test_the_inception_score_counts_classes_that_are_told_apart():
    sure = np.log(np.maximum(np.eye(4)[np.arange(40) % 4], 1e-12))
    assert distances.inception_score(sure) == pytest.approx(4)
    assert distances.inception_score(np.log(np.full((40, 4), 0.25))) == pytest.approx(1)


def test_bins_differ_where_a_model_leaves_something_out(rng):
    real = rng.standard_normal((1000, 2)) + 8 * rng.integers(0, 2, (1000, 2))
    assert bins.different_bins(real[:500], real[500:], 10, rng) <= 0.3
    assert bins.different_bins(real[:500], real[500:][real[500:, 0] < 4], 10, rng) > 0.6


def test_octave_bands_say_where_a_sound_is():
    power = octave_levels.octave_power(0.5 * np.sin(2 * np.pi * 700 * TIMES), RATE)
    assert octave_levels.NAMES[int(np.argmax(power))] == "500 to 1000 Hz"
    assert power.sum() == pytest.approx(0.125, rel=1e-3)


def test_a_band_that_is_half_as_loud_is_6_db_softer():
    low, high = (np.sin(2 * np.pi * hz * TIMES) for hz in (200, 3000))
    real, found = (("a", octave_levels.octave_power(low + share * high, RATE)) for share in (1.0, 0.5))
    differences = octave_levels.differences_db([real], [found])
    assert differences["2000 to 4000 Hz"] == pytest.approx(-6.02, abs=0.01)
    assert differences["125 to 250 Hz"] == pytest.approx(0, abs=0.01)


def test_families_count_equally_in_octave_bands():
    loud, soft = (octave_levels.octave_power(level * np.sin(2 * np.pi * 700 * TIMES), RATE) for level in (1.0, 0.1))
    real = [("a", loud)] + 9 * [("b", soft)]
    found = 9 * [("a", loud)] + [("b", soft)]
    assert octave_levels.differences_db(real, found)["500 to 1000 Hz"] == pytest.approx(0)


def test_the_pitch_classifier_recognises_pitches_of_other_sounds(rng):
    def tone(pitch, colour):
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        return sum(np.sin(2 * np.pi * k * hertz * TIMES + rng.uniform(0, 6)) / k**colour for k in range(1, 8))

    pitches = np.repeat(np.arange(50, 62), 6)
    train, test = (
        np.stack([pitch_spectrum(tone(pitch, rng.uniform(*colours)), RATE) for pitch in pitches])
        for colours in ((0.5, 1.5), (0.7, 2.0))
    )
    classifier = PitchClassifier.train(train, pitches)
    assert classifier.accuracy(test, pitches) > 0.9
    assert classifier.features(test).shape == (len(pitches), 96)
    assert classifier.probabilities(test).sum(axis=1) == pytest.approx(1)


def test_what_is_not_the_taggers_wheel_is_named(tmp_path):
    (tmp_path / "some.whl").write_bytes(b"no wheel")
    with pytest.raises(ValueError, match=r"some.whl is not musicnn's wheel"):
        MusicTagger(tmp_path / "some.whl")


@pytest.mark.skipif("HALLU_MUSICNN" not in os.environ, reason="HALLU_MUSICNN does not name musicnn's wheel")
def test_the_tagger_hears_a_plucked_string(rng):
    wave, delay = np.zeros(3 * RATE), 100
    wave[:delay] = rng.standard_normal(delay)
    for i in range(delay, len(wave)):
        wave[i] += 0.498 * (wave[i - delay] + wave[i - delay - 1])
    features, tags = MusicTagger(Path(os.environ["HALLU_MUSICNN"])).judge(wave / np.abs(wave).max(), RATE)
    assert features.shape == (256,)
    assert {"guitar", "harpsichord", "strings", "sitar", "piano"} & set(top_tags(tags[None]))
    assert len(tags) == len(TAGS)
