"""Where a note can be repeated: in phase, in its steady part, or not at all."""

import numpy as np
import pytest
import soundfile
from recorded_request import RecordedRequest

from gansynth.loop import Loop, crossfade_frames, find_loop
from server.catalog import Catalog
from server.session import Session
from server.sounds.result import Context

RATE = 16000
TIME = np.arange(2 * RATE) / RATE


def held(wave, loop, seconds):
    """A player's output: the note, then its loop again and again, crossfaded."""
    fade = crossfade_frames(RATE)
    rise = np.linspace(0, 1, fade)
    joint = wave[loop.end - fade : loop.end] * (1 - rise) + wave[loop.start - fade : loop.start] * rise
    once = np.concatenate([wave[loop.start : loop.end - fade], joint])
    return np.concatenate([wave[: loop.start], np.tile(once, 1 + int(seconds * RATE / loop.frames))])


@pytest.mark.parametrize("hertz", [82.4, 261.63, 440.0, 1046.5])
def test_a_tone_goes_on_in_phase(hertz):
    wave = 0.5 * np.sin(2 * np.pi * hertz * TIME) + 0.2 * np.sin(2 * np.pi * 3 * hertz * TIME)
    wave[-3000:] *= np.linspace(1, 0, 3000)
    loop = find_loop(wave.astype(np.float32), RATE)
    long = held(wave, loop, 5)
    spectrum = np.abs(np.fft.rfft(long[: 5 * RATE] * np.hanning(5 * RATE)))
    assert np.argmax(spectrum) / 5 == pytest.approx(hertz, rel=2e-3)
    levels = np.abs(long[: 5 * RATE]).reshape(-1, 400).max(axis=1)[4:]
    assert levels.min() > 0.7 * levels.max()


def test_the_loop_ends_before_the_note_fades():
    wave = np.sin(2 * np.pi * 440 * TIME) * np.interp(TIME, [0, 1.4, 1.6, 2], [1, 1, 0, 0])
    assert find_loop(wave, RATE).end < 1.6 * RATE


@pytest.mark.parametrize("wave", [np.sin(2 * np.pi * 440 * TIME) * np.exp(-8 * TIME), np.zeros(RATE), np.ones(100)])
def test_what_does_not_stay_has_no_loop(wave):
    assert find_loop(wave, RATE) is None


@pytest.mark.parametrize("rate", [1, 12, 13, 49, 50])
def test_a_rate_too_low_for_sound_has_no_loop_or_one_inside(rate):
    loop = find_loop(np.random.default_rng(1).standard_normal(100), rate)
    assert loop is None or 0 < loop.start < loop.end <= 100


def test_the_command_reports_the_loop_of_a_file(tmp_path):
    wave = 0.5 * np.sin(2 * np.pi * 440 * TIME)
    soundfile.write(tmp_path / "a note.wav", wave, RATE, subtype="FLOAT")
    request = RecordedRequest("/sound/loop", "key", str(tmp_path / "a note.wav"))
    context = Context(Session.seeded(1), Catalog((), lambda folder: None))
    (reply,) = request.handler(context, request).replies
    assert reply.args[0] == "key" and Loop(*reply.args[1:]) == find_loop(np.float32(wave), RATE)


def test_a_file_without_sound_is_named(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"nothing")
    request = RecordedRequest("/sound/loop", "key", str(tmp_path / "a.wav"))
    with pytest.raises(ValueError, match=r"a\.wav is not a readable sound file"):
        request.handler(Context(Session.seeded(1), Catalog((), lambda folder: None)), request)


def test_a_file_with_a_value_that_is_not_a_number_is_named(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    request = RecordedRequest("/sound/loop", "key", str(tmp_path / "a.wav"))
    with pytest.raises(ValueError, match=r"a value of .*a\.wav is not finite"):
        request.handler(Context(Session.seeded(1), Catalog((), lambda folder: None)), request)
