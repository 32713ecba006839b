"""How sound moves noise and classes, on signals made by hand."""

from fractions import Fraction

import numpy as np
import pytest

from core.audio.features import Features
from core.latent import key_path
from core.latent.truncated_normal import truncated_normal
from renderer import sound_to_image
from renderer.video import timeline
from renderer.video.response import Response

RATE = Fraction(22050, 512)


def sounding(frames=400, seed=0, chroma=None):
    rng = np.random.default_rng(seed)
    chroma = rng.random((frames, 12)) if chroma is None else np.asarray(chroma, float)
    return Features(RATE, rng.random(frames), rng.random(frames) ** 4, np.float32(chroma))


def start(truncation=1.0, z_size=16):
    return truncated_normal(np.random.default_rng(3), (z_size,), truncation)


def song(features, classes=tuple(range(12)), seed=0, **dials):
    response = Response(**dials)
    return timeline.of_song(features, response, classes, start(response.truncation), seed)


def test_class_vectors_are_exactly_zero_outside_the_chosen_classes():
    film = song(sounding(), classes=(3, 900, 77))
    ((_, vectors),) = film.batches(400, 1000)
    others = np.delete(vectors, [3, 900, 77], axis=1)
    assert vectors.shape == (400, 1000)
    assert not others.any()
    assert (vectors[:, [3, 900, 77]] > 0).any(axis=0).all()


def test_a_blend_has_the_sum_depth():
    film = song(sounding(), depth=0.4)
    np.testing.assert_allclose(film.weights.sum(axis=1), 0.4, rtol=1e-5)


def test_the_strongest_class_of_a_peak_has_the_depth_as_weight():
    film = song(sounding(), smooth_factor=10, frame_length=8192, depth=0.4, mix="peak")
    np.testing.assert_allclose(film.weights.max(axis=1), 0.4, rtol=1e-6)
    assert film.weights.sum(axis=1).max() > 1


@pytest.mark.parametrize("mix", ["blend", "peak"])
def test_the_weakest_of_twelve_classes_is_zero_and_of_three_is_not(mix):
    assert sound_to_image.class_weights(np.linspace(0.5, 1, 12), mix=mix).min() == 0
    assert sound_to_image.class_weights(np.linspace(0.5, 1, 3), mix=mix).min() > 0.05


@pytest.mark.parametrize("count", [1, 2, 7, 12])
def test_without_any_sound_the_first_class_is_painted(count):
    silent = Features(RATE, np.zeros(50), np.zeros(50), np.zeros((50, 12)))
    film = song(silent, classes=range(count))
    assert np.array_equal(film.weights, np.tile(np.eye(1, count), (50, 1)))
    assert np.array_equal(film.noise, np.tile(film.noise[0], (50, 1)))


def scale(strengths):
    """Chroma in which each pitch has a steady strength."""
    return np.tile(np.asarray(strengths, float), (60, 1))


STRENGTHS = [0.1, 0.2, 0.9, 0.3, 1.0, 0.05, 0.4, 0.5, 0.6, 0.7, 0.8, 0.15]


def test_twelve_classes_are_a_chromatic_scale():
    film = song(sounding(60, chroma=scale(STRENGTHS)))
    assert film.weights[-1].argsort().tolist() == np.argsort(STRENGTHS).tolist()


def test_sort_by_power_gives_the_first_class_the_strongest_pitch():
    film = song(sounding(60, chroma=scale(STRENGTHS)), sort_by_power=True)
    assert film.weights[-1].argsort().tolist() == list(range(12))[::-1]


def test_few_classes_go_with_the_strongest_pitches():
    order = np.argsort(STRENGTHS)[::-1]
    assert sound_to_image.pitch_rows(order, 4).tolist() == [2, 4, 9, 10]
    assert sound_to_image.pitch_rows(order, 4, by_power=True).tolist() == [4, 2, 10, 9]


@pytest.mark.parametrize("count", [0, 13])
def test_more_classes_than_pitches_are_refused(count):
    with pytest.raises(ValueError, match=r"number of classes must be in 1\.\.12, not"):
        sound_to_image.pitch_rows(range(12), count)


def test_the_classes_follow_a_new_pitch_with_the_time_constant():
    levels = np.float64([1, 0])
    for _ in range(80):
        levels = sound_to_image.blend(levels, np.float64([0, 1]), 80.0)
    assert levels[0] == pytest.approx(np.exp(-1), abs=0.01)
    assert levels.sum() == pytest.approx(1)


def test_the_classes_stay_in_silence():
    levels = np.float64([0.3, 0.7])
    assert np.array_equal(sound_to_image.blend(levels, np.zeros(2), 5.0), levels)


def test_a_higher_pitch_sensitivity_follows_sooner():
    chroma = np.zeros((300, 12))
    chroma[:150, 0] = chroma[150:, 4] = 1
    late = [song(sounding(300, chroma=chroma), pitch_sensitivity=s).weights[180, 4] for s in (200, 290)]
    assert late[0] < 0.5 < late[1]


@pytest.mark.parametrize("frames", [1, 2, 3, 20, 500])
def test_smoothing_keeps_the_length_and_a_constant(frames):
    assert np.allclose(key_path.moving_average(np.full((40, 3), 0.7), frames), 0.7)
    assert key_path.moving_average(np.zeros((40, 3)), frames).shape == (40, 3)


def test_smoothing_is_a_moving_average():
    np.testing.assert_allclose(key_path.moving_average(np.float64([[0], [3], [0], [0]]), 3)[:, 0], [1, 1, 1, 0])


def test_a_larger_smooth_factor_is_smoother():
    rough = [np.abs(np.diff(song(sounding(), smooth_factor=s).weights, axis=0)).mean() for s in (10, 30)]
    assert rough[1] < 0.7 * rough[0]


@pytest.mark.parametrize("dials", [{}, {"truncation": 0.1}, {"tempo_sensitivity": 0.8, "frame_length": 8192}])
def test_noise_stays_within_twice_the_truncation(dials):
    film = song(sounding(2000), **dials)
    assert np.abs(film.noise).max() <= np.float32(2 * film.truncation)
    assert np.ptp(film.noise, axis=0).min() > film.truncation


def test_without_jitter_the_seed_does_not_matter_and_all_values_step_alike():
    first, second = (song(sounding(), jitter=0, seed=seed).noise for seed in (1, 2))
    assert np.array_equal(first, second)
    steps = np.abs(np.diff(first[:8], axis=0))
    np.testing.assert_allclose(steps, np.tile(steps[:, :1], (1, 16)), atol=1e-6)


def test_with_jitter_the_seed_matters_and_repeats():
    assert np.array_equal(song(sounding(), seed=1).noise, song(sounding(), seed=1).noise)
    assert not np.array_equal(song(sounding(), seed=1).noise, song(sounding(), seed=2).noise)


def test_jitter_is_drawn_again_every_200_frames():
    jitters = [sound_to_image.jitter_at(frame, 0.5, 64, seed=0) for frame in (0, 199, 200)]
    assert set(np.unique(jitters)) == {0.5, 1.0}
    assert np.array_equal(jitters[0], jitters[1])
    assert not np.array_equal(jitters[1], jitters[2])


def test_a_louder_sound_moves_the_noise_further():
    def way(drive):
        loud = Features(RATE, np.full(30, drive), np.zeros(30), np.ones((30, 12)))
        return np.abs(np.diff(song(loud).noise, axis=0)).sum()

    assert way(1.0) == pytest.approx(4 * way(0.25), rel=0.2)


def test_steps_change_nothing_in_place():
    walk, levels, chroma = sound_to_image.start(start()), np.ones(3), np.ones(3)
    before = [np.array(part) for part in walk]
    sound_to_image.step(walk, 1.0, 0.5, np.ones(16), 2.0)
    sound_to_image.blend(levels, chroma * 0.2, 3.0)
    sound_to_image.class_weights(levels)
    assert all(np.array_equal(a, b) for a, b in zip(before, walk, strict=True))
    assert np.array_equal(levels, np.ones(3))


def test_fold_mirrors_at_the_bounds():
    values = [0.5, 2, 2.5, -3, 6, 6.5, -11]
    np.testing.assert_allclose(sound_to_image.fold(values, 2.0), [0.5, 2, 1.5, -1, -2, -1.5, -1])


KEYS = truncated_normal(np.random.default_rng(5), (4, 16))
MIXES = np.float64([[1, 0], [0.5, 0.5], [0, 1], [1, 0]])


def test_a_path_is_at_each_key_point_at_its_time():
    there = key_path.slerp_at(np.float64([-1, 0, 1, 3, 4, 9]), [0, 1, 3, 4], KEYS)
    np.testing.assert_allclose(there, KEYS[[0, 0, 1, 2, 3, 3]])


def test_a_sound_belongs_mostly_to_one_class_and_always_to_the_same():
    mixes = sound_to_image.class_keys(np.random.default_rng(0).standard_normal((300, 256)), 8)
    np.testing.assert_allclose(mixes.sum(axis=1), 1)
    assert np.median(mixes.max(axis=1)) > 0.7
    assert np.bincount(mixes.argmax(axis=1), minlength=8).min() > 15


@pytest.mark.parametrize(("times", "rule"), [([0, 1], "as many key points"), ([0, 1, 1, 2], "must rise")])
def test_key_times_that_do_not_fit_are_refused(times, rule):
    with pytest.raises(ValueError, match=rule):
        key_path.slerp_at(np.zeros(1), times, KEYS)


def test_the_same_sound_has_the_same_picture_and_near_sounds_near_ones():
    sounds = np.random.default_rng(0).standard_normal((500, 256))
    images = sound_to_image.image_keys(sounds, 128)
    assert np.array_equal(images, sound_to_image.image_keys(sounds, 128))
    assert images.std() == pytest.approx(0.96, abs=0.02)  # a normal clipped at 2
    near = sound_to_image.image_keys(sounds + 0.01, 128)
    assert np.abs(near - images).max() < 0.1


def test_a_sound_of_few_values_spreads_over_the_noise():
    images = sound_to_image.image_keys(np.random.default_rng(0).standard_normal((4000, 16)), 128)
    assert images.std() == pytest.approx(0.95, abs=0.05)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pitch_sensitivity", 199),
        ("tempo_sensitivity", 0.9),
        ("jitter", -0.1),
        ("truncation", 0),
        ("smooth_factor", 31),
        ("depth", float("nan")),
        ("frame_length", 100),
        ("frame_length", 64.5),
    ],
)
def test_a_dial_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        Response(**{name: value})


def test_an_unknown_mix_is_refused():
    with pytest.raises(ValueError, match="mix must be one of blend, peak, not 'other'"):
        Response(mix="other")


def test_a_song_shows_nearly_one_class_at_a_time():
    """Means of many classes look like none of them."""
    chroma = np.random.default_rng(4).random((40, 12)).repeat(100, axis=0)
    mixed, clear = (song(sounding(4000, chroma=chroma), class_contrast=one).weights for one in (3.0, 12.0))
    assert np.array_equal(clear, song(sounding(4000, chroma=chroma)).weights)
    assert np.median(clear.max(axis=1)) > 0.65 > 0.5 > np.median(mixed.max(axis=1))
