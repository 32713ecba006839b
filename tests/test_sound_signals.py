"""Signals of the sound that plays, which controls of the pictures can follow; sounds that follow no path."""

from dataclasses import replace

import numpy as np
import pytest
import tiny_family

from core.audio.features import FEATURE_RATE, features
from renderer.ipc import messages
from renderer.live import signals
from renderer.live.scene import Scene
from renderer.live.sounds import read_sound
from server.link.replay_cache import encode_sound
from server.sounds.foley import NO_KEYS
from server.sounds.rendered import RenderedSound

RATE = 16000


def tone(hertz, seconds=1.0, peak=0.5):
    return (peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def played(wave, drive=1.0):
    """A sound without key points, as a renderer receives it."""
    return read_sound(messages.decode(encode_sound(RenderedSound("a", wave, RATE, 0, NO_KEYS, (), drive=drive))))


@pytest.fixture
def scene(tmp_path):
    scene = Scene()
    scene.use_model(tiny_family.TinyModel(tiny_family.write(tmp_path / "soft")), ())
    return scene


def test_a_high_tone_is_brighter_than_a_low_one_and_silence_is_dark():
    low, high = (features(tone(hertz), RATE).brightness for hertz in (150, 3200))
    assert low[5:-5].max() < 0.2 and high[5:-5].min() > 0.7
    assert not features(np.zeros(RATE), RATE).brightness.any()


def test_an_octave_is_a_sixth_of_the_scale():
    one, other = (np.median(features(tone(hertz), RATE).brightness) for hertz in (800, 1600))
    assert other - one == pytest.approx(1 / 6, abs=0.03)


def test_the_sound_says_level_onset_brightness_and_pitch():
    wave = np.concatenate([np.zeros(RATE // 2, np.float32), tone(440 * 2 ** (3 / 12))])
    quiet, loud = (signals.of_sound(played(wave), position) for position in (0.2, 1.0))
    assert set(quiet) == set(signals.SOUND_SIGNALS) and not any(quiet.values())
    # C is 0, B is 1.
    assert loud["sound.level"] > 0.9 and loud["sound.pitch"] == pytest.approx(0.0)
    assert max(signals.of_sound(played(wave), time)["sound.onset"] for time in np.arange(0.4, 0.6, 0.01)) > 0.5


def test_a_weak_drive_moves_less_and_a_strong_one_stays_within_bounds():
    wave = tone(440)
    weak, strong = (signals.of_sound(played(wave, drive), 0.5)["sound.level"] for drive in (0.25, 2.5))
    assert weak == pytest.approx(0.25, abs=0.02) and strong <= 1.0


def test_a_control_follows_the_sound_that_plays(scene):
    binding = signals.read(["truncation", "sound.level", "0.2", "0.9"])
    place = signals.key(["truncation"])
    scene.change(lambda now: replace(now, bindings=signals.with_binding(now.bindings, place, binding)), 0.0)
    assert scene.frame_task(0.0).truncation == pytest.approx(scene.settings.truncation)
    scene.transport.add(played(tone(440, 2.0)))
    scene.play("a", 0.0, 0.1)
    during = [scene.frame_task(0.1 + number / 20).truncation for number in range(20)][-1]
    after = [scene.frame_task(2.2 + number / 20).truncation for number in range(20)][-1]
    assert during > 0.85 and after < 0.25


def test_pictures_go_on_as_they_were_when_a_sound_without_a_path_begins(scene):
    before = scene.frame_task(1.0).generator_input.z
    scene.transport.add(played(tone(440, 2.0), drive=0.0))
    scene.play("a", 0.0, 1.0)
    assert np.abs(scene.frame_task(1.001).generator_input.z - before).max() < 0.1


def test_a_sound_without_a_path_pushes_the_pictures(scene):
    calm, pushed = Scene(), scene
    calm.use_model(scene.model, ())
    pushed.transport.add(played(tone(440, 3.0), drive=2.5))
    pushed.play("a", 0.0, 0.0)
    times = np.arange(1, 60) / 20
    away = [pushed.frame_task(time).generator_input.z - calm.frame_task(time).generator_input.z for time in times]
    assert np.abs(away).max() > 0.3


@pytest.mark.parametrize("fields", [{"drive": -1}, {"drive": 99}, {"drive": "x"}])
def test_a_drive_out_of_range_is_refused(fields):
    event = messages.decode(encode_sound(RenderedSound("a", tone(440), RATE, 0, NO_KEYS, ())))
    with pytest.raises(ValueError, match="drive"):
        read_sound(replace(event, fields=event.fields | fields))


def test_the_brightness_of_an_older_server_is_not_missed():
    event = messages.decode(encode_sound(RenderedSound("a", tone(440), RATE, 0, NO_KEYS, ())))
    arrays = {name: array for name, array in event.arrays.items() if name != "brightness"}
    sound = read_sound(replace(event, arrays=arrays))
    assert signals.of_sound(sound, 0.5)["sound.brightness"] == 0.0 and len(sound.loudness) > FEATURE_RATE / 2
