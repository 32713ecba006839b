"""Features of a note in their units, its feature vector, and the spread of a set of notes."""

import numpy as np
import pytest

from gansynth.report.feature_vector import FEATURES, FLOOR_DB, feature_vector, features, spread

RATE = 16000
TIMES = np.arange(2 * RATE) / RATE


def sine(hertz, level=0.5):
    return level * np.sin(2 * np.pi * hertz * TIMES)


def feature(name, wave):
    (place,) = (i for i, known in enumerate(FEATURES) if known.startswith(name))
    return features(wave, RATE)[place]


def test_the_centroid_rises_by_an_octave_per_octave():
    assert feature("centroid", sine(1000)) - feature("centroid", sine(500)) == pytest.approx(1, abs=0.03)


def test_a_band_has_the_level_of_its_share():
    two = sine(375) + sine(3000, 0.05)
    assert feature("250 to 500", two) == pytest.approx(0, abs=0.1)
    assert feature("2 to 4 kHz", two) == pytest.approx(-20, abs=0.3)
    assert feature("above 4 kHz", two) == FLOOR_DB


def test_the_attack_doubles():
    slow, fast = (feature("attack", sine(500) * np.minimum(1, TIMES / rise)) for rise in (0.8, 0.4))
    assert slow - fast == pytest.approx(1, abs=0.15)


def test_the_decay_is_in_decibels_per_half_second():
    assert feature("decay", sine(500) * 10 ** (-12 * TIMES / 20)) == pytest.approx(6, abs=0.3)


def test_a_feature_vector_does_not_know_the_loudness():
    np.testing.assert_allclose(feature_vector(sine(440), 69, RATE), feature_vector(sine(440, 0.05), 69, RATE), atol=0.1)


def test_feature_vectors_of_all_pitches_are_equally_long():
    assert len({feature_vector(sine(440), pitch, RATE).shape for pitch in (0, 69, 127)}) == 1


def test_spread_is_the_deviation_within_a_pitch():
    random = np.random.default_rng(0)
    pitches = np.repeat([40, 50, 60], 2000)
    rows = random.normal(pitches[:, None], [1.0, 3.0], (6000, 2))
    np.testing.assert_allclose(spread(rows, pitches), [1, 3], rtol=0.05)


def test_spread_needs_two_notes_of_a_pitch():
    with pytest.raises(ValueError, match="3 notes at 3 pitches"):
        spread(np.zeros((3, 1)), np.array([40, 41, 42]))
