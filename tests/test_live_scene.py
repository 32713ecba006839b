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
def scene():
    scene = Scene()
    scene.use_model(Canvas(), CLASSES)
    scene.change(lambda settings: replace(settings, smooth=0.0, jitter=0.0), 0.0)
    scene.transport.add(read_sound(made("trip", 4.0)))
    return scene


def watch(scene, begin, end):
    """All points of a time, 30 a second: noise [n, z], weights [n, classes]."""
    points = [scene.frame_task(now).generator_input[:2] for now in np.arange(begin, end, FRAME_S)]
    return tuple(np.array(part) for part in zip(*points, strict=True))


def farthest(noise):
    return np.linalg.norm(np.diff(noise, axis=0), axis=1).max()


def keys(scene):
    return sound_to_image.image_keys(scene.transport.sound("trip").keys, 32)


def test_without_a_model_there_is_nothing_to_paint():
    assert Scene().frame_task(0.0) is None


def test_a_sound_that_plays_is_followed_at_its_position(scene):
    scene.frame_task(9.9)
    scene.play("trip", 0.0, 10.0)
    watch(scene, 10.0, 11.6)
    assert scene.playing(11.6) == ("trip", pytest.approx(1.6), 4.0)
    np.testing.assert_allclose(scene.frame_task(11.6).generator_input.z, keys(scene)[2], atol=1e-5)


def test_it_may_be_played_from_a_position(scene):
    scene.play("trip", 2.4, 10.0)
    np.testing.assert_allclose(scene.frame_task(10.0).generator_input.z, keys(scene)[3], atol=1e-5)


def test_when_it_is_over_the_picture_walks_calmly_again(scene):
    scene.play("trip", 0.0, 10.0)
    watch(scene, 10.0, 14.1 + TO_OTHER_S)
    assert scene.playing(15.5) is None
    np.testing.assert_allclose(scene.frame_task(15.5).generator_input.z, idle_motion.walk(15.5, 32, CLASSES, 40).z)


@pytest.mark.parametrize("name", ["trip", ""])
def test_stop_ends_it(scene, name):
    scene.play("trip", 0.0, 10.0)
    scene.transport.stop(name, 10.2)
    assert scene.playing(10.5) is None


def test_stopping_another_does_not(scene):
    scene.play("trip", 0.0, 10.0)
    scene.transport.stop("other", 10.2)
    assert scene.playing(10.5)[0] == "trip"


def test_all_ways_from_one_thing_to_another_are_smooth(scene):
    scene.transport.add(read_sound(made("other", 4.0, seed=7)))
    noise, weights = [], []
    changes = [
        lambda: scene.play("trip", 0.0, 11.0),
        lambda: scene.play("trip", 3.0, 12.0),
        lambda: scene.play("other", 0.0, 13.0),
        lambda: scene.transport.stop("", 14.0),
        lambda: scene.change(lambda settings: replace(settings, mode="tempo"), 15.0),
        lambda: scene.play("trip", 0.0, 16.0),
        lambda: scene.change(lambda settings: replace(settings, mode="free"), 17.0),
        lambda: scene.change(lambda settings: replace(settings, classes=(1, 2)), 18.0),
        lambda: scene.change(lambda settings: replace(settings, mode="follow"), 19.0),
    ]
    for begin, change in enumerate(changes, 10):
        for whole, part in zip((noise, weights), watch(scene, begin, begin + 1), strict=True):
            whole.extend(part)
        change()
    # Two points are about 8 apart: a jump would be all of that, a path of 0.35 s has steps of up to 1.5 / 10.
    assert farthest(np.array(noise)) < 8 * 2.0 * FRAME_S / TO_SOUND_S
    assert np.abs(np.diff(weights, axis=0)).max() < 2.0 * FRAME_S / TO_SOUND_S
    assert np.isfinite(noise).all() and np.abs(noise).max() <= 2.0


def test_a_player_that_tells_again_where_it_is_makes_no_difference(scene):
    scene.play("trip", 0.0, 10.0)
    watch(scene, 10.0, 11.0)
    scene.play("trip", 1.03, 11.0)
    assert scene.playing(11.0)[1] == pytest.approx(1.03)
    watch(scene, 11.0, 11.57)
    np.testing.assert_allclose(scene.frame_task(11.57).generator_input.z, keys(scene)[2], atol=1e-5)


def test_a_sound_that_is_told_late_is_followed_from_then_on(scene):
    scene.play("late", 0.0, 10.0)
    np.testing.assert_allclose(scene.frame_task(10.5).generator_input.z, idle_motion.walk(10.5, 32, CLASSES, 40).z)
    sound = read_sound(made("late", 4.0, seed=3))
    scene.transport.add(sound)
    watch(scene, 10.5, 11.6)
    np.testing.assert_allclose(
        scene.frame_task(11.6).generator_input.z, sound_to_image.image_keys(sound.keys, 32)[2], atol=1e-5
    )


def test_a_sound_made_again_under_its_name_is_not_followed_before_it_plays(scene):
    scene.play("trip", 0.0, 10.0)
    before = keys(scene)
    watch(scene, 10.0, 11.0)
    scene.transport.add(read_sound(made("trip", 4.0, seed=9)))
    watch(scene, 11.0, 11.6)
    np.testing.assert_allclose(scene.frame_task(11.6).generator_input.z, before[2], atol=1e-5)


def part_of_a_stream(seconds, part=0):
    """A part with a key point a second, so far."""
    whole = read_sound(made("stream", 8.0, count=9, seed=5))
    count = int(seconds) + 1
    times = np.arange(count, dtype=float)
    return replace(whole, keys=whole.keys[:count], key_times_s=times, duration_s=seconds + 1.0, part=part)


def followed(scene, lengths):
    """The points of a part that is published with these lengths, one each second."""
    scene.change(lambda settings: replace(settings, jitter=1.0), 0.0)
    scene.frame_task(9.9)
    found = []
    for second, length in enumerate(lengths):
        scene.transport.add(part_of_a_stream(length))
        if not second:
            scene.play("stream", 0.0, 10.0)
        found.append(watch(scene, 10.0 + second, 11.0 + second)[0])
    return np.concatenate(found)


def test_a_part_of_a_stream_that_grows_is_followed_as_if_it_had_been_whole(scene):
    other = Scene()
    other.use_model(Canvas(), CLASSES)
    other.change(lambda settings: replace(settings, smooth=0.0), 0.0)
    grown, whole = followed(scene, (2, 3, 4, 5, 6)), followed(other, (6,) * 5)
    np.testing.assert_allclose(grown, whole, atol=1e-6)


def test_the_next_part_of_a_stream_is_followed_when_it_plays(scene):
    scene.transport.add(part_of_a_stream(6.0))
    scene.play("stream", 0.0, 10.0)
    scene.transport.add(part_of_a_stream(2.0, part=1))
    before = watch(scene, 10.0, 12.0)[0]
    assert farthest(before) > 0
    scene.play("stream", 0.0, 16.0)
    scene.frame_task(17.0)
    assert scene._playing.sound.part == 1


def test_in_free_mode_a_sound_changes_nothing(scene):
    scene.change(lambda settings: replace(settings, mode="free"), 0.0)
    scene.play("trip", 0.0, 10.0)
    np.testing.assert_allclose(scene.frame_task(11.0).generator_input.z, idle_motion.walk(11.0, 32, CLASSES, 40).z)


def test_in_tempo_mode_the_beat_begins_with_the_sound(scene):
    beat = Settings(mode="tempo", bpm=60.0, smooth=0.0, classes=CLASSES)
    scene.change(lambda settings: beat.with_oscillator(1, Oscillator((0,), 0.5, 4.0, "sin")), 0.0)
    scene.play("trip", 0.0, 10.3)
    watch(scene, 10.3, 12.0)
    quarter, rest = scene.frame_task(11.3 + 4.0 * 0).generator_input, idle_motion.rest_at(32)
    assert quarter.z[0] == pytest.approx(sound_to_image.fold(rest[0] + 0.5, 2.0), abs=1e-6)


def test_smooth_lets_the_picture_come_late(scene):
    scene.change(lambda settings: replace(settings, smooth=0.5), 0.0)
    scene.play("trip", 0.0, 10.0)
    watch(scene, 10.0, 11.6)
    late = np.linalg.norm(scene.frame_task(11.6).generator_input.z - keys(scene)[2])
    assert late > 1.0


def test_outside_the_chosen_classes_weights_are_zero(scene):
    scene.play("trip", 0.0, 10.0)
    _, weights = watch(scene, 10.0, 16.0)
    assert set(np.flatnonzero(weights.any(axis=0))) == set(CLASSES)


def test_another_model_begins_afresh(scene):
    scene.frame_task(10.0)
    large = Canvas()
    large.z_size = 64
    scene.use_model(large, (1,))
    assert scene.frame_task(10.1).generator_input.z.shape == (64,)


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
def test_what_breaks_a_rule_changes_nothing(scene, change, reason):
    before = scene.settings
    with pytest.raises(ValueError, match=reason):
        scene.change(lambda settings: replace(settings, **change), 0.0)
    assert scene.settings is before
