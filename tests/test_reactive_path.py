"""A sound's way through pictures, for positions in any order."""

import numpy as np
import pytest
from live_server import a_sound, made

from core.latent.interpolation import slerp
from renderer import sound_to_image
from renderer.ipc import messages
from renderer.live.reactive_path import ReactivePath
from renderer.live.sounds import KEEP, Sounds, read_sound

CLASSES, NUM_CLASSES, Z = (3, 7, 11, 20), 40, 32


@pytest.fixture
def sound():
    return read_sound(made())


@pytest.fixture
def way(sound):
    return ReactivePath(sound, Z, CLASSES, NUM_CLASSES)


def test_at_a_key_time_the_picture_is_exactly_at_its_key_point(sound, way):
    keys = sound_to_image.image_keys(sound.keys, Z)
    for time, key in zip(sound.key_times_s, keys, strict=True):
        np.testing.assert_array_equal(way.at(float(time), jitter=0.0).noise, key)


def test_between_two_key_points_it_is_on_the_arc(sound, way):
    keys, times = sound_to_image.image_keys(sound.keys, Z), sound.key_times_s.astype(float)
    position = times[1] + 0.25 * (times[2] - times[1])
    np.testing.assert_allclose(
        way.at(position, 0.0).noise, sound_to_image.fold(slerp(keys[1], keys[2], 0.25), 2.0), atol=1e-6
    )


def test_before_the_first_and_after_the_last_key_point_it_rests(sound, way):
    keys = sound_to_image.image_keys(sound.keys, Z)
    np.testing.assert_array_equal(way.at(-1.0, 0.0).noise, keys[0])
    np.testing.assert_array_equal(way.at(100.0, 0.0).noise, keys[-1])


def test_positions_may_come_in_any_order(way):
    forth = [way.at(position, 1.0) for position in (0.5, 1.5, 3.0)]
    back = [way.at(position, 1.0) for position in (3.0, 1.5, 0.5)][::-1]
    for one, other in zip(forth, back, strict=True):
        np.testing.assert_array_equal(one.noise, other.noise)
        np.testing.assert_array_equal(one.weights, other.weights)


def test_jitter_pushes_the_picture_off_its_path_within_the_bound(way):
    for position in np.arange(0.0, 4.0, 0.1):
        on, off = way.at(position, 0.0).noise, way.at(position, 1.0).noise
        assert np.abs(off).max() <= sound_to_image.REACH
        assert np.abs(on - off).max() > 0.01


def test_an_onset_is_felt(sound):
    struck = ReactivePath(sound, Z, CLASSES, NUM_CLASSES)
    push = [np.linalg.norm(struck.at(p, 1.0).noise - struck.at(p, 0.0).noise) for p in (1.06, 1.44)]
    assert push[0] > 1.5 * push[1]


def test_a_sound_without_loudness_leaves_the_picture_on_its_path():
    fields, arrays = a_sound()
    silent = arrays | {name: np.zeros_like(arrays[name]) for name in ("loudness", "onsets")}
    way = ReactivePath(read_sound(messages.decode(messages.encode("made", fields, **silent))), Z, CLASSES, NUM_CLASSES)
    np.testing.assert_array_equal(way.at(1.3, 1.0).noise, way.at(1.3, 0.0).noise)


@pytest.mark.parametrize("classes", [(5,), CLASSES, tuple(range(20)), tuple(range(NUM_CLASSES))])
def test_weights_are_of_sum_1_and_zero_outside_the_chosen_classes(sound, classes):
    way = ReactivePath(sound, Z, classes, NUM_CLASSES)
    outside = np.setdiff1d(np.arange(NUM_CLASSES), classes)
    for position in np.arange(-0.5, 5.0, 0.13):
        weights = way.at(position, 1.0).weights
        assert weights.sum() == pytest.approx(1.0)
        assert weights.min() >= 0.0
        assert not weights[outside].any()


def test_a_pitch_lifts_its_class():
    fields, arrays = a_sound()
    first = np.zeros((len(arrays["chroma"]), 12))
    first[:100, 2], first[100:, 9] = 1.0, 1.0
    way = ReactivePath(
        read_sound(messages.decode(messages.encode("made", fields, **arrays | {"chroma": first}))),
        Z,
        (4, 6),
        NUM_CLASSES,
    )
    early, late = way.at(1.0, 0.0).weights, way.at(3.0, 0.0).weights
    quiet = ReactivePath(
        read_sound(messages.decode(messages.encode("made", fields, **arrays | {"chroma": 0 * first}))),
        Z,
        (4, 6),
        NUM_CLASSES,
    )
    assert early[4] > quiet.at(1.0, 0.0).weights[4]
    assert late[6] > quiet.at(3.0, 0.0).weights[6]


def test_the_way_has_no_steps(way):
    """1/30 s is 1/24 of the way between two key points, whose distance is about 8."""
    noise = np.array([way.at(position, 0.5).noise for position in np.arange(0.0, 4.2, 1 / 30)])
    weights = np.array([way.at(position, 0.5).weights for position in np.arange(0.0, 4.2, 1 / 30)])
    assert np.linalg.norm(np.diff(noise, axis=0), axis=1).max() < 2.0
    assert np.abs(np.diff(weights, axis=0)).max() < 0.15


def test_a_note_has_one_key_point():
    sound = read_sound(made("note", 2.0, count=1, size=256))
    way = ReactivePath(sound, Z, CLASSES, NUM_CLASSES)
    np.testing.assert_array_equal(way.at(1.0, 0.0).noise, sound_to_image.image_keys(sound.keys, Z)[0])


def test_directions_without_an_edit_can_be_followed():
    fields, arrays = a_sound()
    event = messages.decode(messages.encode("made", fields, **arrays | {"keys": np.zeros((5, 0))}))
    assert np.isfinite(ReactivePath(read_sound(event), Z, CLASSES, NUM_CLASSES).at(1.0, 1.0).noise).all()


def test_key_points_far_off_can_be_followed():
    fields, arrays = a_sound()
    far = arrays | {"keys": 1000.0 * arrays["keys"]}
    way = ReactivePath(read_sound(messages.decode(messages.encode("made", fields, **far))), Z, CLASSES, NUM_CLASSES)
    for position in np.arange(0.0, 4.0, 0.3):
        point = way.at(position, 1.0)
        assert np.abs(point.noise).max() <= 2.0
        assert point.weights.sum() == pytest.approx(1.0)


def test_a_sound_of_one_moment_can_be_followed():
    fields, arrays = a_sound(count=1)
    none = {name: arrays[name][:1] for name in ("loudness", "onsets", "chroma")}
    way = ReactivePath(
        read_sound(messages.decode(messages.encode("made", fields, **arrays | none))), Z, CLASSES, NUM_CLASSES
    )
    assert way.at(0.0, 1.0).weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "wrong", "reason"),
    [
        ("key_times_s", np.array([0.0, 1.0, 1.0, 2.0, 3.0]), "do not rise"),
        ("key_times_s", np.zeros(0), "key times"),
        ("keys", np.zeros((4, 64)), "key points"),
        ("loudness", np.zeros(3), "not of one length"),
        ("chroma", np.zeros((0, 12)), "are none"),
        ("chroma", np.zeros((201, 11)), "not of one length"),
    ],
)
def test_a_sound_that_does_not_fit_is_refused(name, wrong, reason):
    fields, arrays = a_sound()
    with pytest.raises(ValueError, match=reason):
        read_sound(messages.decode(messages.encode("made", fields, **arrays | {name: wrong})))


def test_a_sound_without_its_arrays_is_refused():
    with pytest.raises(ValueError, match="without keys"):
        read_sound(messages.Event("made", {"target": "a", "duration_s": 1.0}, {"key_times_s": np.zeros(1)}))


def test_the_newest_sounds_are_known():
    sounds = Sounds()
    for number in range(KEEP + 1):
        sounds.add(read_sound(made(f"sound {number}", 0.1)))
    assert sounds.get("sound 0") is None
    assert sounds.get(f"sound {KEEP}").target == f"sound {KEEP}"
