"""What is painted when: sounds that play and stop, modes, and the ways from one to the other."""

from dataclasses import replace

import numpy as np
import pytest
from live_server import made

from core.latent.oscillators import Oscillator
from renderer import sound_to_image
from renderer.live import idle_motion
from renderer.live.scene import TO_OTHER_S, TO_SOUND_S, Scene
from renderer.live.settings import Settings
from renderer.live.sounds import read_sound

CLASSES, FRAME_S = (3, 7, 11), 1 / 30


class Canvas:
    """A model that is never asked to paint here."""

    name, resolution, z_size, num_classes = "canvas", 16, 32, 40
    class_names = tuple(f"thing {number}" for number in range(40))


@pytest.fixture
def show():
    show = Scene()
    show.open(Canvas(), CLASSES)
    show.change(lambda settings: replace(settings, smooth=0.0, jitter=0.0), 0.0)
    show.player.add(read_sound(made("trip", 4.0)))
    return show


def watch(show, begin, end):
    """All points of a time, 30 a second: noise [n, z], weights [n, classes]."""
    points = [show.task(now).point[:2] for now in np.arange(begin, end, FRAME_S)]
    return tuple(np.array(part) for part in zip(*points, strict=True))


def farthest(noise):
    return np.linalg.norm(np.diff(noise, axis=0), axis=1).max()


def keys(show):
    return sound_to_image.image_keys(show.player.sound("trip").keys, 32)


def test_without_a_model_there_is_nothing_to_paint():
    assert Scene().task(0.0) is None


def test_a_sound_that_plays_is_followed_at_its_position(show):
    show.task(9.9)
    show.play("trip", 0.0, 10.0)
    watch(show, 10.0, 11.6)
    assert show.playing(11.6) == ("trip", pytest.approx(1.6), 4.0)
    np.testing.assert_allclose(show.task(11.6).point.noise, keys(show)[2], atol=1e-5)


def test_it_may_be_played_from_a_position(show):
    show.play("trip", 2.4, 10.0)
    np.testing.assert_allclose(show.task(10.0).point.noise, keys(show)[3], atol=1e-5)


def test_when_it_is_over_the_picture_walks_calmly_again(show):
    show.play("trip", 0.0, 10.0)
    watch(show, 10.0, 14.1 + TO_OTHER_S)
    assert show.playing(15.5) is None
    np.testing.assert_allclose(show.task(15.5).point.noise, idle_motion.walk(15.5, 32, CLASSES, 40).noise)


@pytest.mark.parametrize("name", ["trip", ""])
def test_stop_ends_it(show, name):
    show.play("trip", 0.0, 10.0)
    show.player.stop(name, 10.2)
    assert show.playing(10.5) is None


def test_stopping_another_does_not(show):
    show.play("trip", 0.0, 10.0)
    show.player.stop("other", 10.2)
    assert show.playing(10.5)[0] == "trip"


def test_all_ways_from_one_thing_to_another_are_smooth(show):
    show.player.add(read_sound(made("other", 4.0, seed=7)))
    noise, weights = [], []
    changes = [
        lambda: show.play("trip", 0.0, 11.0),
        lambda: show.play("trip", 3.0, 12.0),
        lambda: show.play("other", 0.0, 13.0),
        lambda: show.player.stop("", 14.0),
        lambda: show.change(lambda settings: replace(settings, mode="tempo"), 15.0),
        lambda: show.play("trip", 0.0, 16.0),
        lambda: show.change(lambda settings: replace(settings, mode="free"), 17.0),
        lambda: show.change(lambda settings: replace(settings, classes=(1, 2)), 18.0),
        lambda: show.change(lambda settings: replace(settings, mode="follow"), 19.0),
    ]
    for begin, change in enumerate(changes, 10):
        for whole, part in zip((noise, weights), watch(show, begin, begin + 1), strict=True):
            whole.extend(part)
        change()
    # Two points are about 8 apart: a jump would be all of that, a way of 0.35 s has steps of up to 1.5 / 10.
    assert farthest(np.array(noise)) < 8 * 2.0 * FRAME_S / TO_SOUND_S
    assert np.abs(np.diff(weights, axis=0)).max() < 2.0 * FRAME_S / TO_SOUND_S
    assert np.isfinite(noise).all() and np.abs(noise).max() <= 2.0


def test_a_player_that_tells_again_where_it_is_makes_no_difference(show):
    show.play("trip", 0.0, 10.0)
    watch(show, 10.0, 11.0)
    show.play("trip", 1.03, 11.0)
    assert show.playing(11.0)[1] == pytest.approx(1.03)
    watch(show, 11.0, 11.57)
    np.testing.assert_allclose(show.task(11.57).point.noise, keys(show)[2], atol=1e-5)


def test_a_sound_that_is_told_late_is_followed_from_then_on(show):
    show.play("late", 0.0, 10.0)
    np.testing.assert_allclose(show.task(10.5).point.noise, idle_motion.walk(10.5, 32, CLASSES, 40).noise)
    sound = read_sound(made("late", 4.0, seed=3))
    show.player.add(sound)
    watch(show, 10.5, 11.6)
    np.testing.assert_allclose(show.task(11.6).point.noise, sound_to_image.image_keys(sound.keys, 32)[2], atol=1e-5)


def test_a_sound_made_again_under_its_name_is_not_followed_before_it_plays(show):
    show.play("trip", 0.0, 10.0)
    before = keys(show)
    watch(show, 10.0, 11.0)
    show.player.add(read_sound(made("trip", 4.0, seed=9)))
    watch(show, 11.0, 11.6)
    np.testing.assert_allclose(show.task(11.6).point.noise, before[2], atol=1e-5)


def test_in_free_mode_a_sound_changes_nothing(show):
    show.change(lambda settings: replace(settings, mode="free"), 0.0)
    show.play("trip", 0.0, 10.0)
    np.testing.assert_allclose(show.task(11.0).point.noise, idle_motion.walk(11.0, 32, CLASSES, 40).noise)


def test_in_tempo_mode_the_beat_begins_with_the_sound(show):
    beat = Settings(mode="tempo", bpm=60.0, smooth=0.0, classes=CLASSES)
    show.change(lambda settings: beat.with_oscillator(1, Oscillator((0,), 0.5, 4.0, "sin")), 0.0)
    show.play("trip", 0.0, 10.3)
    watch(show, 10.3, 12.0)
    quarter, rest = show.task(11.3 + 4.0 * 0).point, idle_motion.rest_at(32)
    assert quarter.noise[0] == pytest.approx(sound_to_image.fold(rest[0] + 0.5, 2.0), abs=1e-6)


def test_smooth_lets_the_picture_come_late(show):
    show.change(lambda settings: replace(settings, smooth=0.5), 0.0)
    show.play("trip", 0.0, 10.0)
    watch(show, 10.0, 11.6)
    late = np.linalg.norm(show.task(11.6).point.noise - keys(show)[2])
    assert late > 1.0


def test_outside_the_chosen_classes_weights_are_zero(show):
    show.play("trip", 0.0, 10.0)
    _, weights = watch(show, 10.0, 16.0)
    assert set(np.flatnonzero(weights.any(axis=0))) == set(CLASSES)


def test_another_model_begins_afresh(show):
    show.task(10.0)
    large = Canvas()
    large.z_size = 64
    show.open(large, (1,))
    assert show.task(10.1).point.noise.shape == (64,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"truncation": 0.0}, "truncation must be in 0.02..1, not 0"),
        ({"jitter": 1.5}, "jitter must be in 0..1, not 1.5"),
        ({"bpm": float("nan")}, "bpm must be a finite number"),
        ({"mode": "loud"}, "follow, tempo or free, not 'loud'"),
        ({"classes": tuple(range(65))}, "at most 64"),
    ],
)
def test_what_breaks_a_rule_changes_nothing(show, change, reason):
    before = show.settings
    with pytest.raises(ValueError, match=reason):
        show.change(lambda settings: replace(settings, **change), 0.0)
    assert show.settings is before
