"""Beats that are found in onsets, and classes of a film that change on them."""

from fractions import Fraction

import numpy as np
import pytest
import soundfile
from plain_model import PlainModel

from core.audio.beats import beat_frames
from core.audio.features import Features
from renderer.video import timeline, vectors
from renderer.video.response import Response
from renderer.video.visualize import VideoJob, make

RATE = 22050 / 512


def strokes(times_s, seconds, noise=0.2):
    onsets = noise * np.random.default_rng(0).random(int(seconds * RATE))
    onsets[np.round(np.asarray(times_s) * RATE).astype(int)] = 1
    return onsets


def farthest(moments_s, beats_s):
    return np.abs(np.asarray(moments_s)[:, None] - np.asarray(beats_s)[None]).min(axis=1).max()


@pytest.mark.parametrize("bpm", [60, 90, 120, 140, 174])
def test_beats_lie_on_the_strokes_of_a_drum(bpm):
    times_s = np.arange(0.3, 29.9, 60 / bpm)
    found_s = beat_frames(strokes(times_s, 30), RATE) / RATE
    assert len(found_s) >= len(times_s) / 2 - 1
    # After the last stroke beats go on to the end.
    assert farthest(found_s[found_s < times_s[-1] + 0.1], times_s) < 0.03


def test_beats_go_on_where_the_drum_pauses():
    times_s = np.arange(0.25, 29.5, 0.5)
    heard = times_s[(times_s < 10) | (times_s > 14)]
    found_s = beat_frames(strokes(heard, 30), RATE) / RATE
    assert np.diff(found_s).max() < 0.6


@pytest.mark.parametrize(
    "onsets",
    [np.zeros(2000), np.ones(2000), np.zeros(0), np.ones(3), *(np.random.default_rng(n).random(700) for n in range(5))],
)
def test_what_has_no_beat_has_none(onsets):
    assert len(beat_frames(onsets, RATE)) == 0


def drummed(seconds=20):
    """Strokes each half second, and another chord at moments that are no beats."""
    chroma = np.full((int(seconds * RATE), 12), 0.1, np.float32)
    for number, begin in enumerate(np.arange(0, len(chroma), int(1.37 * RATE))):
        chroma[begin : begin + int(1.37 * RATE), 5 * number % 12] = 1
    onsets = strokes(np.arange(0.25, seconds - 0.5, 0.5), seconds)
    return Features(Fraction(22050, 512), np.ones(len(onsets)), onsets, chroma)


def changes_s(film):
    """When another class comes to be the strongest."""
    return np.flatnonzero(np.diff(film.weights.argmax(axis=1))) / RATE


def film_of(features, **dials):
    return timeline.of_song(features, Response(pitch_sensitivity=290, **dials), range(12), np.zeros(4))


def test_classes_change_on_beats():
    found = changes_s(film_of(drummed()))
    assert len(found) > 8
    assert farthest(found, np.arange(0.25, 20, 0.5)) < 0.08


@pytest.mark.parametrize(("change_on", "beats"), [("bar", 4), ("phrase", 16)])
def test_classes_change_on_bars_or_phrases(change_on, beats):
    found = changes_s(film_of(drummed(40), change_on=change_on))
    assert 1 < len(found) <= 80 / beats
    assert np.diff(found).min() > 0.5 * beats - 0.2


def test_between_two_beats_the_classes_stay():
    weights = film_of(drummed()).weights
    still = np.abs(np.diff(weights, axis=0)).max(axis=1) < 1e-6
    assert still.mean() > 0.6


def test_classes_may_follow_the_pitch_between_beats_too():
    found = changes_s(film_of(drummed(), change_on="pitch"))
    assert farthest(found, np.arange(0.25, 20, 0.5)) > 0.15


def test_without_a_beat_classes_follow_the_pitch():
    features = drummed()
    drone = Features(features.rate, features.loudness, np.zeros(len(features)), features.chroma)
    wanted = film_of(drone, change_on="pitch").weights
    assert np.array_equal(film_of(drone).weights, wanted)


def test_the_film_of_a_song_changes_its_classes_on_its_drum(tmp_path):
    rate, times = 22050, np.arange(12 * 22050) / 22050
    pitch = 220 * 2.0 ** (np.array([0, 4, 7, 2, 9, 5])[(times / 1.7).astype(int) % 6] / 12)
    tone = 0.2 * np.sin(2 * np.pi * np.cumsum(pitch) / rate)
    drum = np.random.default_rng(0).standard_normal(len(times)) * np.exp(-60 * (times % 0.5)) * 0.4
    soundfile.write(tmp_path / "song.wav", tone + drum, rate)
    response = Response(pitch_sensitivity=290)
    job = VideoJob(tmp_path / "song.wav", tmp_path / "out.mp4", tmp_path, 1, response, num_classes=12)
    make(job, lambda folder: PlainModel())
    found = changes_s(vectors.load(tmp_path / "out.npz"))
    assert len(found) > 3
    assert farthest(found, np.arange(0, 12.5, 0.5)) < 0.1
