"""A sound's path through pictures, for positions in any order."""

import numpy as np
import pytest
from live_server import a_sound, made

from core.latent.interpolation import slerp
from renderer import sound_to_image
from renderer.ipc import messages
from renderer.live.reactive_path import CLASS_CONTRAST, ReactivePath
from renderer.live.sounds import KEEP, RecentSounds, read_sound

CLASSES, NUM_CLASSES, Z = (3, 7, 11, 20), 40, 32


@pytest.fixture
def sound():
    return read_sound(made())


@pytest.fixture
def path(sound):
    return ReactivePath(sound, Z, CLASSES, NUM_CLASSES)


def test_at_a_key_time_the_picture_is_exactly_at_its_key_point(sound, path):
    keys = sound_to_image.image_keys(sound.keys, Z)
    for time, key in zip(sound.key_times_s, keys, strict=True):
        np.testing.assert_array_equal(path.at(float(time), jitter=0.0).z, key)


def test_between_two_key_points_it_is_on_the_arc(sound, path):
    keys, times = sound_to_image.image_keys(sound.keys, Z), sound.key_times_s.astype(float)
    position = times[1] + 0.25 * (times[2] - times[1])
    np.testing.assert_allclose(
        path.at(position, 0.0).z, sound_to_image.fold(slerp(keys[1], keys[2], 0.25), 2.0), atol=1e-6
    )


def test_before_the_first_and_after_the_last_key_point_it_rests(sound, path):
    keys = sound_to_image.image_keys(sound.keys, Z)
    np.testing.assert_array_equal(path.at(-1.0, 0.0).z, keys[0])
    np.testing.assert_array_equal(path.at(100.0, 0.0).z, keys[-1])


def test_positions_may_come_in_any_order(path):
    forth = [path.at(position, 1.0) for position in (0.5, 1.5, 3.0)]
    back = [path.at(position, 1.0) for position in (3.0, 1.5, 0.5)][::-1]
    for one, other in zip(forth, back, strict=True):
        np.testing.assert_array_equal(one.z, other.z)
        np.testing.assert_array_equal(one.class_weights, other.class_weights)


def test_jitter_pushes_the_picture_off_its_path_within_the_bound(path):
    for position in np.arange(0.0, 4.0, 0.1):
        on, off = path.at(position, 0.0).z, path.at(position, 1.0).z
        assert np.abs(off).max() <= sound_to_image.REACH
        assert np.abs(on - off).max() > 0.01


def test_an_onset_is_felt(sound):
    struck = ReactivePath(sound, Z, CLASSES, NUM_CLASSES)
    push = [np.linalg.norm(struck.at(p, 1.0).z - struck.at(p, 0.0).z) for p in (1.06, 1.44)]
    assert push[0] > 1.5 * push[1]


def test_a_sound_without_loudness_leaves_the_picture_on_its_path():
    fields, arrays = a_sound()
    silent = arrays | {name: np.zeros_like(arrays[name]) for name in ("loudness", "onsets")}
    path = ReactivePath(
        read_sound(messages.decode(messages.encode("sound", fields, **silent))), Z, CLASSES, NUM_CLASSES
    )
    np.testing.assert_array_equal(path.at(1.3, 1.0).z, path.at(1.3, 0.0).z)


@pytest.mark.parametrize("classes", [(5,), CLASSES, tuple(range(20)), tuple(range(NUM_CLASSES))])
def test_weights_are_of_sum_1_and_zero_outside_the_chosen_classes(sound, classes):
    path = ReactivePath(sound, Z, classes, NUM_CLASSES)
    outside = np.setdiff1d(np.arange(NUM_CLASSES), classes)
    for position in np.arange(-0.5, 5.0, 0.13):
        weights = path.at(position, 1.0).class_weights
        assert weights.sum() == pytest.approx(1.0)
        assert weights.min() >= 0.0
        assert not weights[outside].any()


def test_a_pitch_lifts_its_class():
    fields, arrays = a_sound()
    first = np.zeros((len(arrays["chroma"]), 12))
    first[:100, 2], first[100:, 9] = 1.0, 1.0
    path = ReactivePath(
        read_sound(messages.decode(messages.encode("sound", fields, **arrays | {"chroma": first}))),
        Z,
        (4, 6),
        NUM_CLASSES,
    )
    early, late = path.at(1.0, 0.0).class_weights, path.at(3.0, 0.0).class_weights
    quiet = ReactivePath(
        read_sound(messages.decode(messages.encode("sound", fields, **arrays | {"chroma": 0 * first}))),
        Z,
        (4, 6),
        NUM_CLASSES,
    )
    assert early[4] > quiet.at(1.0, 0.0).class_weights[4]
    assert late[6] > quiet.at(3.0, 0.0).class_weights[6]


def test_the_way_has_no_steps(path):
    """1/30 s is 1/24 of the path between two key points, whose distance is about 8."""
    noise = np.array([path.at(position, 0.5).z for position in np.arange(0.0, 4.2, 1 / 30)])
    weights = np.array([path.at(position, 0.5).class_weights for position in np.arange(0.0, 4.2, 1 / 30)])
    assert np.linalg.norm(np.diff(noise, axis=0), axis=1).max() < 2.0
    assert np.abs(np.diff(weights, axis=0)).max() < 0.15


def test_a_note_has_one_key_point():
    sound = read_sound(made("note", 2.0, count=1, size=256))
    path = ReactivePath(sound, Z, CLASSES, NUM_CLASSES)
    np.testing.assert_array_equal(path.at(1.0, 0.0).z, sound_to_image.image_keys(sound.keys, Z)[0])


def test_directions_without_an_edit_can_be_followed():
    fields, arrays = a_sound()
    event = messages.decode(messages.encode("sound", fields, **arrays | {"keys": np.zeros((5, 0))}))
    assert np.isfinite(ReactivePath(read_sound(event), Z, CLASSES, NUM_CLASSES).at(1.0, 1.0).z).all()


def test_key_points_far_off_can_be_followed():
    fields, arrays = a_sound()
    far = arrays | {"keys": 1000.0 * arrays["keys"]}
    path = ReactivePath(read_sound(messages.decode(messages.encode("sound", fields, **far))), Z, CLASSES, NUM_CLASSES)
    for position in np.arange(0.0, 4.0, 0.3):
        point = path.at(position, 1.0)
        assert np.abs(point.z).max() <= 2.0
        assert point.class_weights.sum() == pytest.approx(1.0)


def test_a_sound_of_one_moment_can_be_followed():
    fields, arrays = a_sound(count=1)
    none = {name: arrays[name][:1] for name in ("loudness", "onsets", "chroma")}
    path = ReactivePath(
        read_sound(messages.decode(messages.encode("sound", fields, **arrays | none))), Z, CLASSES, NUM_CLASSES
    )
    assert path.at(0.0, 1.0).class_weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "wrong", "reason"),
    [
        ("key_times_s", np.array([0.0, 1.0, 1.0, 2.0, 3.0]), "do not rise"),
        ("key_times_s", np.zeros(0), "key times"),
        ("keys", np.zeros((4, 64)), "key points"),
        ("loudness", np.zeros(3), "differ in length"),
        ("chroma", np.zeros((0, 12)), "are empty"),
        ("chroma", np.zeros((201, 11)), "differ in length"),
    ],
)
def test_a_sound_that_does_not_fit_is_refused(name, wrong, reason):
    fields, arrays = a_sound()
    with pytest.raises(ValueError, match=reason):
        read_sound(messages.decode(messages.encode("sound", fields, **arrays | {name: wrong})))


def test_a_sound_without_its_arrays_is_refused():
    with pytest.raises(ValueError, match="without keys"):
        read_sound(messages.Event("sound", {"target": "a", "duration_s": 1.0}, {"key_times_s": np.zeros(1)}))


def test_the_newest_sounds_are_known():
    sounds = RecentSounds()
    for number in range(KEEP + 1):
        sounds.add(read_sound(made(f"sound {number}", 0.1)))
    assert sounds.get("sound 0") is None
    assert sounds.get(f"sound {KEEP}").target == f"sound {KEEP}"


def test_nearly_one_class_is_shown_at_a_time(sound):
    classes = tuple(range(12))
    mixed, clear = (ReactivePath(sound, Z, classes, NUM_CLASSES, contrast) for contrast in (1.0, CLASS_CONTRAST))
    most = [
        np.median([path.at(position, 0.0).class_weights.max() for position in np.arange(0.0, 4.0, 0.05)])
        for path in (mixed, clear)
    ]
    assert most[1] > 0.8 > most[0]
