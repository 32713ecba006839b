"""What is painted when nothing sounds, and in tempo."""

import numpy as np
import pytest

from core.latent.oscillators import Oscillator
from renderer.live import idle_motion
from renderer.live.tempo_clock import TempoClock, z_at

CLASSES, NUM_CLASSES, Z = (3, 7, 11), 40, 128


def test_the_walk_is_finite_steady_and_within_its_bound():
    points = [idle_motion.walk(now, Z, CLASSES, NUM_CLASSES) for now in np.arange(10_000.0, 10_060.0, 1 / 30)]
    noise, weights = (np.array(part) for part in zip(*(point[:2] for point in points), strict=True))
    assert np.isfinite(noise).all() and np.abs(noise).max() <= 2.0
    assert np.linalg.norm(np.diff(noise, axis=0), axis=1).max() < 0.6
    assert np.abs(np.diff(weights, axis=0)).max() < 0.05


def test_the_walk_goes_somewhere_and_is_as_far_out_as_noise_is():
    noise = np.array([idle_motion.walk(now, Z, CLASSES, NUM_CLASSES).z for now in np.arange(0.0, 600.0, 5.0)])
    assert noise.var() == pytest.approx(1.0, abs=0.15)
    assert np.linalg.norm(noise[0] - noise[6]) > 5.0


def test_the_walk_shows_the_chosen_classes_only_each_in_its_turn():
    weights = np.array(
        [idle_motion.walk(now, Z, CLASSES, NUM_CLASSES).class_weights for now in np.arange(0.0, 600.0, 1.0)]
    )
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert set(np.flatnonzero(weights.any(axis=0))) == set(CLASSES)
    assert set(weights.argmax(axis=1)) == set(CLASSES)


def test_of_twelve_classes_nearly_one_is_shown_at_a_time():
    points = [idle_motion.walk(now, Z, tuple(range(12)), NUM_CLASSES) for now in np.arange(0.0, 600.0, 2.0)]
    assert np.median([point.class_weights.max() for point in points]) > 0.8


def test_another_tempo_goes_on_from_the_same_beat():
    before = TempoClock(120.0, 10.0)
    after = before.at_tempo(60.0, 13.0)
    assert after.at(13.0) == before.at(13.0) == 6.0
    assert after.at(14.0) == 7.0


def test_oscillators_move_their_axes_and_come_back_with_their_period():
    oscillators = {1: Oscillator((0, 5), 0.5, 2.0, "sin")}
    noise = [z_at(beats, oscillators, Z) for beats in (0.0, 0.5, 2.0, 2.5)]
    np.testing.assert_allclose(noise[0], noise[2], atol=1e-9)
    np.testing.assert_allclose(noise[1], noise[3], atol=1e-9)
    assert set(np.flatnonzero(noise[0] != noise[1])) == {0, 5}
    assert np.abs(noise).max() <= 2.0


def test_axes_that_the_model_has_not_are_left_out():
    assert np.isfinite(z_at(0.3, {1: Oscillator((2, 500), 1.0, 1.0, "cos")}, 8)).all()
