"""The video of a hallucination: what the live renderer would show at each of its moments."""

import av
import numpy as np
import pytest
from plain_model import PlainModel

from renderer import classes, sound_to_image
from renderer.live.reactive_path import ReactivePath
from renderer.video.hallucination import RATE, played_sound, render_video

TIMES = [0.0, 0.7, 1.4]
KEYS = np.random.default_rng(1).standard_normal((3, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def wave():
    """Two seconds of three struck notes at 16 kHz."""
    time = np.arange(2 * 16000) / 16000
    return (0.5 * np.sin(2 * np.pi * 330 * time) * np.exp(-5 * (time % 0.7))).astype(np.float32)


def filmed(wave, path, **dials):
    return render_video(wave, 16000, TIMES, KEYS, PlainModel(), path, **dials)


def test_frame_and_sound_are_as_long_as_the_hallucination(wave, tmp_path):
    film = filmed(wave, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as file:
        lengths = [float(stream.duration * stream.time_base) for stream in file.streams]
        frames = sum(1 for _ in file.decode(video=0))
    assert lengths == [pytest.approx(2, abs=1 / 30)] * 2
    assert frames == len(film) == 2 * RATE


def test_at_a_key_time_the_frame_is_at_its_key_point(wave, tmp_path):
    film = filmed(wave, tmp_path / "a.mp4", truncation=0.5, jitter=0.0)
    keys = sound_to_image.image_keys(KEYS, 32)
    np.testing.assert_allclose(film.noise[[0, 21, 42]], 0.5 * keys, atol=1e-6)
    assert film.truncation == 0.5


def test_each_frame_is_what_the_live_renderer_shows(wave, tmp_path):
    film = filmed(wave, tmp_path / "a.mp4", truncation=1.0, jitter=0.7)
    way = ReactivePath(played_sound(wave, 16000, TIMES, KEYS), 32, classes.default(40), 40)
    for frame in (0, 10, 37):
        point = way.at(frame / 30, 0.7)
        np.testing.assert_allclose(film.noise[frame], point.z, atol=1e-6)
        np.testing.assert_allclose(film.weights[frame], point.class_weights[list(classes.default(40))], atol=1e-6)


def test_only_the_chosen_classes_are_rendered(wave, tmp_path):
    film = filmed(wave, tmp_path / "a.mp4", classes=(3, 17))
    assert film.classes == (3, 17)
    np.testing.assert_allclose(film.weights.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("dials", "rule"),
    [({"truncation": 0}, "truncation must be in"), ({"jitter": 2}, "jitter must be in"), ({"classes": (40,)}, "0..39")],
)
def test_dials_out_of_range_are_refused_before_anything_is_written(wave, tmp_path, dials, rule):
    with pytest.raises(ValueError, match=rule):
        filmed(wave, tmp_path / "a.mp4", **dials)
    assert not list(tmp_path.iterdir())
