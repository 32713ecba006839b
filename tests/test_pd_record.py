"""hallu-record~ in a real Pd: a film with the sound of the patch, in time with what the patch does to the pictures."""

import time
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from live_controller import controller  # noqa: F401 - a fixture
from osc_renderer import OscRenderer
from waiting import PATIENCE_S

from pd import pd_running
from renderer.live.client_sound import BLOCK, ClientSound, PlacedSound, Stretch, stretches
from renderer.live.recorder import RATE

# Every 0.3 s a click in the sound, and at the same time the pictures change.
PATCH = r"""#N canvas 0 0 700 500 12;
#X obj 20 20 r in;
#X obj 20 200 hallu-record~ 127.0.0.1 {port};
#X obj 20 240 s report;
#X obj 300 20 r click;
#X obj 300 50 metro 300;
#X obj 300 80 t b b;
#X msg 300 110 0.8 \, 0 40;
#X obj 300 140 vline~;
#X obj 300 170 *~;
#X obj 400 140 osc~ 2000;
#X obj 450 80 f;
#X obj 500 80 == 0;
#X obj 450 110 * 0.8;
#X obj 450 140 + 0.1;
#X obj 450 170 list prepend /image/truncation;
#X obj 450 200 hallu-osc 127.0.0.1 {port};
#X connect 0 0 1 2;
#X connect 1 0 2 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 6 0 7 0;
#X connect 7 0 8 0;
#X connect 9 0 8 1;
#X connect 8 0 1 0;
#X connect 8 0 1 1;
#X connect 5 1 10 0;
#X connect 10 0 11 0;
#X connect 11 0 10 1;
#X connect 10 0 12 0;
#X connect 12 0 13 0;
#X connect 13 0 14 0;
#X connect 14 0 15 0;
"""


@pytest.fixture
def play(controller, tmp_path):  # noqa: F811
    """A Pd with the patch, clicking, beside a renderer."""
    controller.render_loop.start()
    controller.frames.wait(0, PATIENCE_S)
    renderer = OscRenderer(controller)
    with pd_running(tmp_path / "pd", PATCH.format(port=renderer.port)) as pd:
        time.sleep(0.3)
        pd.to("click", "1")
        yield pd, controller, renderer
        assert pd.errors() == []
    renderer.close()


def sound_of(path):
    """The sound of a film, mono, from its time 0 on, and its rate."""
    with av.open(str(path)) as film:
        frames = [(frame.pts * frame.time_base, frame.to_ndarray()) for frame in film.decode(audio=0)]
        rate = film.streams.audio[0].rate
    begin = round(frames[0][0] * rate)
    return np.pad(np.concatenate([one[0] for _, one in frames]), (max(0, begin), 0))[max(0, -begin) :], rate


def clicks(wave, rate):
    """When clicks begin, in seconds."""
    loud = np.flatnonzero(np.abs(wave) > 0.25)
    return loud[np.diff(loud, prepend=-rate) > rate // 10] / rate


def off(heard, renderer, begun_s):
    """How much later than Pd's messages of the same moments the clicks of a film are, in seconds."""
    sent = np.array([at_s for at_s, address in renderer.received if address == "/image/truncation"]) - begun_s
    apart = heard[:, None] - sent[None]
    return np.take_along_axis(apart, np.abs(apart).argmin(axis=1)[:, None], axis=1)[:, 0]


def begun_of(controller):  # noqa: F811
    """A function that says when the recording began that was started since."""
    started, recordings = [], controller.recordings
    start = recordings.start

    def remember(*given, **named):
        path = start(*given, **named)
        started.append(recordings._recorder)
        return path

    recordings.start = remember
    return lambda: started[0].begun_s


def take(pd, seconds):
    pd.to("pd", "dsp 1")
    pd.say("start take")
    pd.wait("recording", 1)
    time.sleep(seconds)
    pd.say("stop")
    pd.wait("recording", 0)
    return Path(str(pd.wait("file")[0]))


def test_a_film_has_the_sound_of_the_patch_within_a_frame(play):
    pd, controller, renderer = play  # noqa: F811
    begun = begun_of(controller)
    film = take(pd, 3.0)
    assert renderer.failed == []
    # Without those that the beginning or the end may have cut.
    heard = clicks(*sound_of(film))[1:-1]
    assert len(heard) >= 7
    np.testing.assert_allclose(np.diff(heard), 0.3, atol=0.005)
    assert np.abs(np.median(off(heard, renderer, begun()))) < 1 / RATE


def test_nothing_that_was_played_is_lost(play):
    pd, controller, _ = play  # noqa: F811
    film = take(pd, 1.5)
    wave, rate = soundfile.read(film.with_suffix(".wav"), always_2d=True)
    sound = controller.recordings.client_sound
    assert wave.shape == (sound.reports[-1][1], 2)
    np.testing.assert_allclose(np.diff(clicks(wave[:, 0], rate)[1:]), 0.3, atol=2 * BLOCK / rate)


def test_while_dsp_is_off_the_film_has_silence_and_goes_on_in_time(play):
    pd, controller, renderer = play  # noqa: F811
    begun = begun_of(controller)
    pd.to("pd", "dsp 1")
    pd.say("start take")
    pd.wait("recording", 1)
    time.sleep(0.7)
    pd.to("pd", "dsp 0")
    time.sleep(1.0)
    pd.to("pd", "dsp 1")
    time.sleep(1.3)
    pd.say("stop")
    film = Path(str(pd.wait("file")[0]))
    heard = clicks(*sound_of(film))[1:-1]
    assert np.diff(heard).max() > 0.8
    after = heard[heard > 1.9]
    assert len(after) >= 2
    # Where in the report's time Pd was switched off is not known.
    assert np.abs(off(after, renderer, begun())).max() < 0.1


def test_a_film_whose_client_wrote_nothing_keeps_the_servers_sound(controller, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("renderer.live.client_sound._PATIENCE_S", 0.1)
    controller.render_loop.start()
    controller.frames.wait(0, PATIENCE_S)
    film = controller.recordings.start("take", client_sound=True)
    controller.recordings.report_sound(0)
    time.sleep(0.3)
    assert controller.recordings.stop() == film
    assert "the film has the server's sounds" in controller.status().problem
    assert "take.wav was not written by the client" in controller.status().problem
    assert len(sound_of(film)[0])


def test_a_clock_of_another_pace_is_followed():
    rate, pace = 48000, 48000 * 1.0002
    times = np.arange(0, 60, 0.2)
    late = np.random.default_rng(1).uniform(0, 0.004, len(times))
    (found,) = stretches([(5 + t + d, round(t * pace)) for t, d in zip(times, late, strict=True)], rate)
    assert found.pace == pytest.approx(pace, rel=2e-5)
    assert found.start_s == pytest.approx(5.002, abs=0.001)


def test_a_short_recording_keeps_its_samples():
    (found,) = stretches([(1.0, 0), (1.17, 8192), (1.23, 8192 + 44 * BLOCK)], 48000)
    assert found.pace == 48000


def test_a_resampled_part_is_as_long_as_it_sounded(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((48_010, 2), np.float32), 48000, subtype="FLOAT")
    sound = PlacedSound(tmp_path / "a.wav", 48000, [Stretch(0, 48_010, 10.5, 48_010.0)], 10.0)
    assert sum(block.shape[1] for block in sound.blocks()) == pytest.approx(24_000 + 48_000, abs=2)


def test_a_part_that_began_before_the_film_is_cut(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.arange(4800.0)[:, None] / 4800 * np.ones(2), 48000, subtype="FLOAT")
    sound = PlacedSound(tmp_path / "a.wav", 48000, [Stretch(0, 4800, 1.0, 48000.0)], 1.05)
    wave = np.concatenate(list(sound.blocks()), axis=1)
    assert wave.shape == (2, 2400)
    assert wave[0, 0] == pytest.approx(0.5)


def test_an_hour_without_dsp_takes_no_memory(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.ones((4800, 2)), 48000, subtype="FLOAT")
    sound = PlacedSound(tmp_path / "a.wav", 48000, [Stretch(0, 4800, 3600.0, 48000.0)], 0.0)
    sizes = [block.shape[1] for block in sound.blocks()]
    assert sum(sizes) == 3600 * 48000 + 4800
    assert max(sizes) <= 48000


def test_a_sound_with_an_impossible_rate_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.ones((4800, 2)), 48000, subtype="FLOAT")
    data = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(data[:24] + (2**31 - 1).to_bytes(4, "little") + data[28:])
    sound = ClientSound(tmp_path / "a.wav")
    sound.report(10, 1.0)
    with pytest.raises(ValueError, match=r"rate of the client.s sound must be in 1\.\.768000"):
        sound.placed()


def test_fewer_blocks_than_before_are_refused(tmp_path):
    sound = ClientSound(tmp_path / "a.wav")
    sound.report(10, 1.0)
    with pytest.raises(ValueError, match="blocks must not become fewer: 9 after 10"):
        sound.report(9, 1.1)
