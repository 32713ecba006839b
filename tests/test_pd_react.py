"""hallu-analyse~.pd and hallu-react.pd in a real Pd: what a signal is like, and that it is sent for the pictures."""

import threading

import numpy as np
import pytest
import soundfile
from fake_server import FakeServer
from waiting import until

from pd import PD, escaped, pd_running

ANALYSIS = """#N canvas 0 0 500 400 12;
#X obj 20 20 osc~ 440;
#X obj 20 50 *~ 0.2;
#X obj 20 80 hallu-analyse~;
#X obj 20 110 s report;
#X obj 100 20 r hertz;
#X obj 100 50 r gain;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 4 0 0 0;
#X connect 5 0 1 1;
"""
STRIP = """#N canvas 0 0 900 400 12;
#X obj 20 20 hallu-react two;
#X obj 20 200 r two-ask;
#X obj 20 230 hallu-client 127.0.0.1 {port};
#X connect 1 0 2 0;
"""


@pytest.fixture(scope="module", params=[44100, 48000])
def analysis(request, tmp_path_factory):
    with pd_running(tmp_path_factory.mktemp("analysis"), ANALYSIS, rate=request.param) as pd:
        pd.to("pd", "dsp 1")
        yield pd


def sounding(pd, hertz, gain=0.2):
    pd.to("hertz", str(hertz))
    pd.to("gain", str(gain))
    return pd


def after(pd, name, fits):
    """Wait until the analysis says so; false if it never does."""
    return any(fits(pd.wait(name)) for _ in range(100))


@pytest.mark.parametrize(("hertz", "pitch"), [(440, 9), (261.6, 0), (185, 6), (1479.98, 6), (3729.3, 10)])
def test_a_tone_is_its_pitch_class_and_no_other(analysis, hertz, pitch):
    sounding(analysis, hertz)
    assert after(analysis, "pitches", lambda found: found[pitch] == 1 and sum(found) < 1.05)


def test_brightness_rises_with_the_frequency(analysis):
    for hertz in (100, 440, 2000, 8000):
        wanted = np.log(hertz / 100) / np.log(80)
        sounding(analysis, hertz)
        assert after(analysis, "brightness", lambda found, wanted=wanted: found == [pytest.approx(wanted, abs=0.03)])


def test_the_level_is_in_decibels(analysis):
    for gain, wanted in ((0.2, 1 - 7 / 45), (0.02, 1 - 27 / 45), (0, 0)):
        sounding(analysis, 440, gain)
        assert after(analysis, "level", lambda found, wanted=wanted: found == [pytest.approx(wanted, abs=0.02)])


def test_an_onset_is_1_and_over_soon(analysis):
    sounding(analysis, 440, 0)
    assert after(analysis, "level", lambda found: found == [0])
    sounding(analysis, 440, 0.2)
    assert after(analysis, "onset", lambda found: found[0] > 0.95)
    assert after(analysis, "onset", lambda found: found[0] < 0.05)


def test_silence_has_no_pitch(analysis):
    sounding(analysis, 440, 0)
    assert after(analysis, "pitches", lambda found: not any(found))


def test_a_song_is_sent_as_signals_while_it_plays(tmp_path):
    wave = 0.2 * np.sin(2 * np.pi * 440 * np.arange(3 * 44100) / 44100)
    soundfile.write(tmp_path / "a song.wav", wave, 44100)
    server = FakeServer()
    with pd_running(tmp_path, STRIP.format(port=server.port)) as pd:
        pd.to("two-song-file", f"symbol {escaped(tmp_path / 'a song.wav')}")
        found = {}

        def is_there():
            address, args, sender = server.receive()
            assert address == "/image/signal"
            server.send(sender, "/done", address)
            found.update(zip(args[::2], args[1::2], strict=True))
            return found["A"] == 1 and found["level"] > 0.5

        assert until(is_there)
        assert set(found) == {
            "level",
            "onset",
            "brightness",
            *["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"],
        }
    server.close()


@pytest.mark.parametrize("source", ["tap", "clock"])
def test_the_tempo_comes_from_taps_or_a_midi_clock(tmp_path, source):
    with pd_running(tmp_path, PD / "visuals.pd", paths=()) as pd:
        number = pd.number_of("picture-edits")
        pd.listen(f"{number}-bpm-is")
        for tick in range(24 * 5):
            if source == "clock":
                pd.to("#midirealtimein", "0 248")
            elif tick % 24 == 0:
                pd.to(f"{number}-tap-button", "bang")
            threading.Event().wait(0.025)
        while not 60 < (bpm := pd.wait(f"{number}-bpm-is")[0]) < 110:
            pass
        assert bpm == pytest.approx(95, abs=15)
