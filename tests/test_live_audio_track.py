"""The sound of recordings: what played, when it played, sample after sample."""

import time
from itertools import pairwise

import av
import numpy as np
import pytest
from live_server import made

from renderer.ipc import messages
from renderer.live.audio_track import AudioTrack
from renderer.live.recorder import RATE, Recorder
from renderer.live.sounds import RecentSounds, Samples, read_samples, read_sound
from renderer.live.transport import Transport
from renderer.web.frames import Frames

SR, HZ, LEVEL = 16_000, 440.0, 0.5


def tone(seconds=4.0, rate=SR, hertz=HZ):
    """A cosine, so that it begins with a step: int16."""
    return np.round(32767 * LEVEL * np.cos(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def transport_with(*targets, rate=SR):
    transport = Transport()
    for number, target in enumerate(targets):
        transport.add(read_sound(made(target, 4.0)))
        transport.add_samples(target, Samples(tone(4.0, rate, HZ * (1 + number / 2)), rate))
    return transport


def recorded(audio, begin_s, end_s, events=()):
    """The audio of a span of time, in blocks of a frame; each of `events` happens at its time."""
    parts, events = [], sorted(events, key=lambda one: one[0])
    edges = np.round(np.arange(0, (end_s - begin_s) * RATE + 1) * SR / RATE).astype(int)
    for start, end in pairwise(edges):
        while events and events[0][0] <= begin_s + end / SR:
            events.pop(0)[1]()
        parts.append(audio.read(begin_s + start / SR, end - start))
    return np.concatenate(parts)


def test_nothing_is_heard_while_nothing_plays():
    assert not recorded(AudioTrack(transport_with("a"), SR), 10.0, 11.0).any()


def test_a_sound_begins_at_its_sample_and_is_as_loud_as_it_is():
    transport = transport_with("a")
    audio = recorded(AudioTrack(transport, SR), 10.0, 12.0, [(10.5037, lambda: transport.play("a", 0.0, 10.5037))])
    begin = round(0.5037 * SR)
    assert not audio[:begin].any()
    np.testing.assert_allclose(audio[begin:], tone()[: len(audio) - begin] / 32768, atol=1e-6)


def test_it_ends_when_it_ends():
    transport = transport_with("a")
    transport.play("a", 0.0, 10.0)
    audio = recorded(AudioTrack(transport, SR), 13.5, 14.5)
    # Its last hundredth of a second is faded out.
    np.testing.assert_allclose(np.flatnonzero(audio)[-1], SR // 2, atol=0.011 * SR)
    np.testing.assert_allclose(audio[1000:7000], tone()[int(3.5 * SR) + 1000 :][:6000] / 32768, atol=1e-6)


def test_a_player_that_tells_where_it_is_now_and_then_makes_no_click():
    transport, rng = transport_with("a"), np.random.default_rng(0)
    events = [
        (now, lambda now=now: transport.play("a", max(0.0, now - 10.0 + rng.uniform(-0.03, 0.03)), now))
        for now in 10.0 + 0.21 * np.arange(14)
    ]
    audio = recorded(AudioTrack(transport, SR), 10.0, 13.0, events)
    # The tone is the same again after 400 samples.
    whole = tone() / np.float32(32768)
    places = [np.abs(whole[shift:][:40_000] - audio[4000:44_000]).max() for shift in range(4000, 4400)]
    assert min(places) < 1e-6


def steepest(audio):
    """The largest step from one sample to the next, against that of a tone of this level."""
    return np.abs(np.diff(audio)).max() / (LEVEL * 2 * np.pi * HZ * 1.5 / SR)


def test_jumps_stops_and_other_sounds_do_not_click_and_are_there_at_once():
    transport = transport_with("a", "b")
    events = [
        (10.8, lambda: transport.play("a", 2.0011, 10.8)),
        (11.2, lambda: transport.play("b", 1.0, 11.2)),
        (11.6, lambda: transport.stop("b", 11.6)),
    ]
    transport.play("a", 0.5, 10.0)
    audio = AudioTrack(transport, SR)
    audio.read(9.99, SR // 100)
    audio = recorded(audio, 10.0, 12.0, events)
    assert steepest(audio) < 1.2
    quiet = np.flatnonzero(np.abs(audio) > 1e-4)
    assert quiet[-1] == pytest.approx(1.6 * SR, abs=0.02 * SR)
    np.testing.assert_allclose(
        audio[int(1.0 * SR) : int(1.1 * SR)], tone()[round(2.2011 * SR) :][: SR // 10] / 32768, atol=1e-3
    )
    other = tone(hertz=HZ * 1.5)[round(1.1 * SR) :][: SR // 10] / 32768
    np.testing.assert_allclose(audio[int(1.3 * SR) : int(1.4 * SR)], other, atol=1e-3)


def test_a_sound_of_another_rate_keeps_its_pitch_and_length():
    transport = transport_with("a", rate=44_100)
    transport.play("a", 0.0, 10.0)
    audio = recorded(AudioTrack(transport, SR), 10.0, 14.5)
    np.testing.assert_allclose(audio[1000:60_000], tone()[1000:60_000] / 32768, atol=2e-3)
    assert not audio[int(4.02 * SR) :].any()


def test_a_sound_that_comes_late_is_heard_from_then_on():
    transport = Transport()
    transport.play("late", 0.0, 10.0)
    sound = read_sound(made("late", 4.0))
    events = [
        (10.5, lambda: transport.add(sound)),
        (10.6, lambda: transport.add_samples("late", Samples(tone(), SR))),
    ]
    audio = recorded(AudioTrack(transport, SR), 10.0, 12.0, events)
    assert not audio[: int(0.5 * SR)].any()
    np.testing.assert_allclose(audio[SR:], tone()[SR : 2 * SR] / 32768, atol=1e-6)


def test_of_all_samples_the_newest_are_kept():
    sounds = RecentSounds()
    for number in range(4):
        sounds.add(read_sound(made(str(number), 1.0)))
        sounds.add_samples(str(number), Samples(np.zeros(messages.SAMPLES_BYTES // 5, np.int16), SR))
    assert [bool(sounds.samples(sounds.get(str(number)))) for number in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("fields", "arrays", "reason"),
    [
        ({"target": "a", "sample_rate": 16000}, {}, r"int16 \[n\]"),
        ({"target": "a", "sample_rate": 16000}, {"samples": np.zeros(3)}, r"int16 \[n\], not float32"),
        ({"target": "a", "sample_rate": 16000}, {"samples": np.zeros((2, 2), np.int16)}, r"int16 \[n\]"),
        ({"target": "a", "sample_rate": 7}, {"samples": np.zeros(3, np.int16)}, "1000..192000 Hz, not 7"),
        ({"target": "a", "sample_rate": "16k"}, {"samples": np.zeros(3, np.int16)}, "not '16k'"),
        ({"target": 5, "sample_rate": 16000}, {"samples": np.zeros(3, np.int16)}, "target must be a name"),
    ],
)
def test_a_wave_that_is_none_is_refused(fields, arrays, reason):
    with pytest.raises(ValueError, match=reason):
        read_samples(messages.decode(messages.encode("samples", fields, **arrays)))


def lengths(path):
    """Of pictures and sound, in seconds."""
    with av.open(str(path)) as file:
        return [float(stream.duration * stream.time_base) for stream in file.streams]


def streams(path):
    """Brightness of each picture, its time in seconds, and the sound [samples], decoded as players do."""
    with av.open(str(path)) as file:
        pictures = [(frame.to_ndarray(format="gray").mean(), frame.time) for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        rate = file.streams.audio[0].rate
        pieces = [(frame.time, frame.to_ndarray()[0]) for frame in file.decode(audio=0)]
    sound = np.zeros(round(rate * pieces[-1][0]) + len(pieces[-1][1]), np.float32)
    for begin_s, piece in pieces:
        place = round(begin_s * rate)
        sound[max(0, place) : place + len(piece)] = piece[max(0, -place) :]
    levels, times = np.array(pictures).T
    return levels, times, sound, rate


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Dark and silent; after half a second bright, with a tone; after another one silent again. And when that was."""
    frames, transport = Frames(), transport_with("a")
    frames.put(np.full((16, 16, 3), 20, np.uint8))
    recorder = Recorder(frames, transport, tmp_path_factory.mktemp("film") / "a.mp4")
    time.sleep(0.5)
    frames.put(np.full((16, 16, 3), 220, np.uint8))
    begun_s = time.monotonic()
    transport.play("a", 0.0, begun_s)
    time.sleep(1.0)
    ended_s = time.monotonic()
    transport.stop("a", ended_s)
    time.sleep(0.4)
    path = recorder.stop()
    return path, begun_s - recorder._begun_s, ended_s - recorder._begun_s


def test_a_recording_has_the_sound_at_its_time_and_level(recording):
    path, begun_s, ended_s = recording
    _, _, sound, rate = streams(path)
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    assert rate == SR
    assert loud[0] / rate == pytest.approx(begun_s, abs=0.01)
    assert loud[-1] / rate == pytest.approx(ended_s, abs=0.02)
    middle = sound[loud[0] + 2000 : loud[-1] - 2000]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(LEVEL / np.sqrt(2), rel=0.03)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * rate / len(middle) == pytest.approx(HZ, abs=2.0)
    assert np.abs(sound[: loud[0] - 1000]).max() < 0.01


def test_picture_and_sound_of_a_recording_are_in_step(recording):
    levels, times, sound, rate = streams(recording[0])
    bright = times[np.argmax(levels > 120)]
    # The first picture that was taken after the change.
    assert -0.01 <= bright - np.flatnonzero(np.abs(sound) > 0.1)[0] / rate <= 1 / RATE + 0.01


def test_picture_and_sound_of_a_recording_are_equally_long(recording):
    path, _, ended_s = recording
    pictures_s, sound_s = lengths(path)
    assert sound_s == pytest.approx(pictures_s, abs=1e-3)
    assert pictures_s == pytest.approx(ended_s + 0.4, abs=0.1)


def test_a_recording_of_nothing_is_silent(tmp_path):
    frames = Frames()
    frames.put(np.full((16, 16, 3), 20, np.uint8))
    recorder = Recorder(frames, Transport(), tmp_path / "a.mp4")
    time.sleep(0.3)
    _, _, sound, rate = streams(recorder.stop())
    assert (rate, np.abs(sound).max()) == (48_000, 0.0)
