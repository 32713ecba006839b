"""The level of a sound that goes on."""

import numpy as np
import pytest

from core.audio.levels import PEAK, gain
from core.audio.live_level import BLOCK_S, HeldLevel, Limiter, LoudnessGain, held_blocks
from core.audio.loudness import loudness_lufs

RATE = 16000
BLOCK = round(BLOCK_S * RATE)


def tone(seconds, amplitude=1.0):
    return amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)


def through(process, wave):
    return np.concatenate([process(wave[i : i + BLOCK]) for i in range(0, len(wave), BLOCK)])


def limited(wave):
    limiter = Limiter(0.5, RATE)
    return np.concatenate([through(limiter.next, wave), limiter.finish()])


def test_a_limiter_keeps_every_sample_below_its_ceiling():
    noise = np.random.default_rng(0).standard_normal(2 * RATE) * np.repeat([0.1, 4.0, 0.2, 1.0], RATE // 2)
    assert np.abs(limited(noise)).max() <= 0.5 + 1e-12


def test_a_limiter_holds_a_sound_that_begins_loud():
    assert np.abs(limited(tone(1.0, 4.0))).max() <= 0.5 + 1e-12
    assert np.abs(limited(np.full(RATE, 4.0))).max() <= 0.5 + 1e-12


def test_a_limiter_leaves_what_is_below_its_ceiling():
    assert np.allclose(limited(tone(1.0, 0.4)), tone(1.0, 0.4), atol=1e-12)


def test_a_limiter_does_not_click():
    loud = tone(1.0, 0.4)
    loud[RATE // 2 :] *= 5
    steps = np.abs(np.diff(limited(loud)))
    assert steps.max() < 1.5 * np.abs(np.diff(tone(1.0, 0.5))).max()


@pytest.mark.parametrize("amplitude", [0.005, 0.05, 2.0])
def test_a_sound_reaches_the_loudness_that_is_wanted(amplitude):
    level, wave = LoudnessGain(-20.0, RATE), tone(8.0, amplitude)
    power = 0.5 * amplitude**2
    found = through(lambda block: level.next(block, power), wave)
    assert abs(loudness_lufs(found[4 * RATE :], RATE) + 20.0) < 0.5


def test_a_wrong_estimate_is_corrected():
    level = LoudnessGain(-20.0, RATE)
    found = through(lambda block: level.next(block, 1e-4), tone(20.0, 1.0))
    assert abs(loudness_lufs(found[-2 * RATE :], RATE) + 20.0) < 0.5


def test_a_gain_changes_slowly():
    wave = tone(4.0, 0.1)
    wave[2 * RATE :] *= 10
    level = LoudnessGain(-20.0, RATE)
    found = through(lambda block: level.next(block, 0.005), wave)
    gains = found[100 :: RATE // 20] / np.where(wave[100 :: RATE // 20] == 0, 1, wave[100 :: RATE // 20])
    changes = np.diff(20 * np.log10(np.abs(gains[np.abs(gains) > 0])))
    assert np.abs(changes).max() < 0.61


def test_silence_stays_silent():
    level = LoudnessGain(-20.0, RATE)
    assert not through(lambda block: level.next(block, 0.0), np.zeros(RATE)).any()


def test_a_block_shorter_than_the_look_ahead_waits_for_more():
    limiter = Limiter(0.5, 16000)
    parts = [limiter.next(np.ones(10)), limiter.next(np.ones(0)), limiter.next(np.ones(400)), limiter.finish()]
    assert list(map(len, parts)) == [0, 0, 330, 80]


def test_a_held_level_is_the_gain_where_that_stays_below_the_peak():
    found = np.concatenate(list(held_blocks(np.split(tone(1.0, 0.01), 4), 20.0, RATE)))
    assert np.allclose(found, tone(1.0, 0.01) * gain(20.0), atol=1e-7)


def test_a_held_level_never_exceeds_minus_1_dbfs():
    noise = np.random.default_rng(0).standard_normal(2 * RATE)
    found = np.concatenate(list(held_blocks(np.array_split(noise, 7), 30.0, RATE)))
    assert len(found) == len(noise)
    assert 0.5 < np.abs(found).max() <= PEAK + 1e-7


def test_a_held_level_of_next_to_nothing_has_its_samples():
    assert HeldLevel(6.0, RATE).next(np.ones(3, np.float32), last=True).shape == (3,)
