"""Features of known sounds."""

import numpy as np
import pytest

from core.audio.features import FEATURE_RATE, features

RATE = 16_000


def tone(hertz, seconds=1.0, rate=RATE):
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize(("hertz", "pitch_class"), [(261.63, 0), (440.0, 9), (987.77, 11), (110.0, 9)])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_tone_has_its_pitch_class(hertz, pitch_class, rate):
    chroma = features(tone(hertz, rate=rate), rate).chroma[10:40]
    assert (chroma.argmax(axis=1) == pitch_class).all()
    assert np.delete(chroma, pitch_class, axis=1).max() < 0.1


def test_an_onset_is_where_the_sound_begins():
    wave = np.concatenate([np.zeros(RATE), tone(300.0)])
    assert features(wave, RATE).onsets.argmax() / FEATURE_RATE == pytest.approx(1.0, abs=0.06)


def test_a_louder_moment_is_louder():
    wave = np.concatenate([0.1 * tone(300.0), tone(300.0)])
    loudness = features(wave, RATE).loudness
    assert loudness[75] == pytest.approx(1.0, abs=0.01)
    assert loudness[75] - loudness[25] == pytest.approx(20 / 60, abs=0.01)


@pytest.mark.parametrize("length", [0, 1, RATE])
def test_silence_is_zero(length):
    silent = features(np.zeros(length), RATE)
    assert not any(part.any() for part in (silent.loudness, silent.onsets, silent.chroma))
    assert silent.chroma.shape == (1 + length * FEATURE_RATE // RATE, 12)


def test_values_are_as_many_as_the_sound_is_long():
    wave = np.random.default_rng(0).standard_normal(3 * RATE)
    found = features(wave, RATE)
    assert len(found.loudness) == len(found.onsets) == len(found.chroma) == 1 + 3 * FEATURE_RATE
    for part in (found.loudness, found.onsets, found.chroma):
        assert part.min() >= 0 and part.max() == pytest.approx(1.0)


def test_a_long_sound_has_the_features_of_its_parts(monkeypatch):
    """Computed twice in blocks, as of half an hour, they are those that are kept of a short sound."""
    wave = np.random.default_rng(0).standard_normal(16_000 * 30).astype(np.float32) * np.hanning(16_000 * 30).astype(
        "f4"
    )
    kept = features(wave, 16_000)
    monkeypatch.setattr("core.audio.features._MOST_KEPT", 0)
    computed = features(wave, 16_000)
    for name in ("loudness", "onsets", "chroma"):
        np.testing.assert_array_equal(getattr(computed, name), getattr(kept, name))
