"""Hallucinations without an end: gapless, the same for the same seed and changes, and steered."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from core.audio.live_level import BLOCK_S
from core.audio.loudness import loudness_lufs
from core.latent.endless_path import EndlessPath
from gansynth.endless import EndlessHallucination, StreamSettings, changed
from gansynth.hallucination import Timing

RATE, SIZE = 8000, 4
BLOCK = round(BLOCK_S * RATE)
SETTINGS = StreamSettings(3, Timing(0.2, 0.0, 0.1, 0.3, 0.1), 60)


def tone(z, settings, length):
    """A note at its pitch, with a phase from z."""
    hertz = 440 * 2 ** ((settings.pitch - 69) / 12)
    return np.sin(2 * np.pi * hertz * np.arange(length) / RATE + z[0]).astype(np.float32)


class Recorder:
    """Renders tones, and notes with which settings."""

    def __init__(self):
        self.notes = []

    def __call__(self, z, settings, length):
        self.notes.append((z, settings))
        return tone(z, settings, length)


def stream(render=tone, settings=SETTINGS, seed=0):
    path = EndlessPath(partial(np.random.default_rng(seed).standard_normal, SIZE, np.float32), settings.steps)
    return EndlessHallucination(render, path, settings, RATE)


def blocks_until(a_stream, samples):
    found, boundary = [], a_stream.boundary(samples)
    while a_stream.may_advance(boundary):
        if (block := a_stream.advance()) is not None:
            found.append(block)
    return found


def rendered(a_stream, samples):
    return np.concatenate([np.zeros(0, np.float32), *blocks_until(a_stream, samples)])


def test_whatever_is_asked_for_at_once_the_sound_is_the_same():
    whole, by_parts = rendered(stream(), 3 * RATE), stream()
    parts = [rendered(by_parts, end) for end in (100, 1234, 1300, 9000, 20_000, 3 * RATE)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_no_more_is_rendered_than_a_client_may_have():
    assert 3 * RATE - BLOCK <= len(rendered(stream(), 3 * RATE)) <= 3 * RATE


def test_the_same_seed_and_changes_give_the_same_samples_whenever_they_are_rendered():
    def play(portions):
        a_stream, found = stream(), []
        for end in portions:
            found.append(rendered(a_stream, end))
        # What has been asked for says when a change is heard, not what has been rendered.
        boundary = a_stream.boundary(RATE)
        a_stream.change(boundary, changed(SETTINGS, "pitch", 72))
        a_stream.add_keys(boundary, (np.ones(SIZE),))
        found.append(rendered(a_stream, 3 * RATE))
        return np.concatenate(found)

    assert play([RATE]).tobytes() == play([RATE // 3, RATE // 2]).tobytes() == play([]).tobytes()


def test_there_is_no_gap():
    found = rendered(stream(), 4 * RATE)[RATE // 2 :]
    levels = np.sqrt((found[: len(found) // 400 * 400].reshape(-1, 400) ** 2).mean(axis=1))
    assert levels.min() > 0.02


def test_no_peak_is_above_that_of_a_clip():
    assert np.abs(rendered(stream(), 4 * RATE)).max() <= 0.5 + 1e-6


def test_it_comes_to_the_loudness_of_hallucinations():
    a_stream = stream()
    a_stream = EndlessHallucination(tone, a_stream._path, SETTINGS, RATE, hallucination_db=6.0)
    found = rendered(a_stream, 10 * RATE)
    assert abs(loudness_lufs(found[4 * RATE :], RATE) + 26.0) < 1.5


@pytest.mark.parametrize(("name", "value"), [("pitch", 72), ("steps", 9), ("attack", 0.2), ("wander", 0.5)])
def test_a_change_counts_from_its_boundary_on(name, value):
    render = Recorder()
    a_stream = stream(render)
    rendered(a_stream, RATE)
    before = len(render.notes)
    a_stream.change(a_stream.boundary(RATE), changed(SETTINGS, name, value))
    rendered(a_stream, 2 * RATE)
    settings = [each for _, each in render.notes]
    assert before and all(each == SETTINGS for each in settings[:before])
    assert settings[before:] and all(each == changed(SETTINGS, name, value) for each in settings[before:])


SLOW = StreamSettings(3, Timing(3.0, 0.0, 0.1, 2.0, 0.4), 60)


@pytest.mark.parametrize(("name", "value"), [("pitch", 72), ("sustain", 0.2)])
def test_a_change_is_heard_from_its_boundary_on_in_a_note_that_sounds(name, value):
    def play(*change):
        a_stream = stream(settings=SLOW)
        found = [rendered(a_stream, RATE)]
        if change:
            a_stream.change(a_stream.boundary(RATE), changed(SLOW, *change))
        return np.concatenate([*found, rendered(a_stream, 3 * RATE)])

    plain, other = play(), play(name, value)
    first = np.flatnonzero(plain != other)[0]
    assert 0 <= first - RATE <= BLOCK
    # Nothing but the tones' own slopes: no click.
    assert np.abs(np.diff(other)).max() < 1.3 * max(
        np.abs(np.diff(play())).max(), np.abs(np.diff(other[first + BLOCK :])).max()
    )


def test_many_changes_at_once_cost_one_note():
    render = Recorder()
    a_stream = stream(render, SLOW)
    rendered(a_stream, RATE)
    for pitch in (62, 64, 65, 67):
        a_stream.change(a_stream.boundary(RATE), changed(a_stream.latest_settings, "pitch", pitch))
    rendered(a_stream, 2 * RATE)
    assert [settings.pitch for _, settings in render.notes] == [60, 67]
    assert render.notes[0][0] is render.notes[1][0]


def test_a_shorter_spacing_does_not_wait_for_the_note_that_was_far_away():
    render = Recorder()
    a_stream = stream(render, replace(SETTINGS, timing=replace(SETTINGS.timing, spacing=50.0)))
    rendered(a_stream, RATE)
    a_stream.change(a_stream.boundary(RATE), SETTINGS)
    rendered(a_stream, round(1.5 * RATE))
    assert len(render.notes) == 1 + 3


def test_after_a_stop_the_last_note_ends_by_its_envelope():
    a_stream = stream()
    found = [rendered(a_stream, RATE)]
    a_stream.stop(a_stream.boundary(RATE))
    found.append(rendered(a_stream, 10 * RATE))
    sound = np.concatenate(found)
    assert a_stream.finished and abs(len(sound) - (0.8 + 0.5) * RATE) <= BLOCK
    assert np.abs(sound[-10:]).max() < 0.01


def test_notes_too_close_are_refused():
    with pytest.raises(ValueError, match="spacing is 0 s; notes of a stream must be"):
        replace(SETTINGS, timing=replace(SETTINGS.timing, spacing=0.0))
