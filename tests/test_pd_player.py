"""hallu-player~.pd in a real Pd with DSP running: right pitch, no click, whatever arrives."""

import threading

import numpy as np
import pytest
import soundfile

from pd import escaped, pd_running, with_object

RATE = 16000
PLAYER = with_object("hallu-player~", outlets=2, signals=1)
CLIENT_AND_PLAYER = """#N canvas 0 0 500 400 12;
#X obj 20 20 r in;
#X obj 20 60 hallu-client 127.0.0.1 {port};
#X obj 20 90 list prepend 0;
#X obj 20 120 s report;
#X obj 120 90 route audio;
#X obj 120 120 unpack s s f f;
#X obj 120 150 pack s f;
#X obj 120 180 list prepend load;
#X obj 120 210 list trim;
#X obj 120 240 hallu-player~;
#X obj 120 280 writesf~;
#X obj 220 280 r record;
#X obj 300 20 table z 7;
#X obj 300 50 table sound 7;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 0 4 0;
#X connect 2 0 3 0;
#X connect 4 0 5 0;
#X connect 5 1 6 0;
#X connect 5 3 6 1;
#X connect 6 0 7 0;
#X connect 7 0 8 0;
#X connect 8 0 9 0;
#X connect 9 0 10 0;
#X connect 11 0 10 0;
"""


def sine(path, hz, seconds, rate=RATE, level=0.5):
    soundfile.write(path, level * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate), rate, subtype="FLOAT")
    return escaped(path)


def rest(seconds):
    threading.Event().wait(seconds)


def sounding(path):
    """The recording from its first to its last sound, and its sample rate."""
    wave, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(wave) > 1e-4)
    return wave[loud[0] : loud[-1] + 1], rate


def likeness(played, wave, rate):
    """How well the end of a recording correlates with a sound, but for its first and last 0.1 s; -1..1."""
    wanted = np.interp(np.arange(int(len(wave) * rate / RATE)) * RATE / rate, np.arange(len(wave)), wave)
    cut = rate // 10
    end = np.flatnonzero(np.abs(played) > 1e-4)[-1]
    starts = range(end - len(wanted) - 500, end - len(wanted) + 1500)
    middle = wanted[cut:-cut]
    return max(np.corrcoef(played[start + cut :][: len(middle)], middle)[0, 1] for start in starts)


@pytest.mark.parametrize(("model_rate", "pd_rate"), [(16000, 44100), (16000, 48000), (22050, 44100), (48000, 44100)])
def test_a_sound_keeps_its_pitch_and_length_at_any_rate(tmp_path, model_rate, pd_rate):
    with pd_running(tmp_path, PLAYER, rate=pd_rate) as pd, pd.recording() as record:
        pd.say(f"load {sine(tmp_path / 'a 440.wav', 440, 2.2, model_rate)} {model_rate}")
        pd.wait(1, "playing", 0)
    wave, rate = sounding(record)
    assert rate == pd_rate
    assert len(wave) / rate == pytest.approx(2.2, abs=0.01)
    middle = wave[int(0.1 * rate) : int(2.1 * rate)]
    phase = 2 * np.pi * 440 * np.arange(len(middle)) / rate
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, middle, rcond=None)[0]
    assert np.abs(fit).max() == pytest.approx(0.5, rel=1e-3)
    assert np.abs(middle - fit).max() < 1e-3


def test_no_click_when_sounds_replace_each_other(tmp_path):
    low, high = sine(tmp_path / "low.wav", 220, 2), sine(tmp_path / "high.wav", 330, 3)
    with pd_running(tmp_path, PLAYER) as pd, pd.recording() as record:
        for gap in (0.2, 0.05, 0.011, 0.003, 0.001):
            for path in (low, high) * 4:
                pd.say(f"load {path} {RATE}")
                rest(gap)
        for message in ("play", "play", "stop 100", "play", f"load {low} {RATE}", "stop", "play", "stop 30"):
            pd.say(message)
            rest(0.02)
        pd.wait(1, "playing", 0)
    wave, rate = sounding(record)
    slope = 0.5 * 2 * np.pi * (220 + 330) / rate
    fades = 0.5 / (0.002 * rate) + 0.5 / (0.004 * rate)
    assert np.abs(np.diff(wave)).max() < slope + fades
    assert np.abs(wave).max() > 0.4


def test_no_click_and_the_right_sound_while_the_server_makes_new_ones(tmp_path, server, magenta):
    with pd_running(tmp_path, CLIENT_AND_PLAYER.format(port=server.port)) as pd:
        pd.ask("randomize_z z", "randomized")
        z = pd.array("z")
        with pd.recording() as record:
            for pitch in (40, 52, 47, 60, 36, 52):
                pd.ask(f"synthesize z sound {pitch}", "synthesized")
            pd.ask("hallucinate sound 2 1 0.2 0 0.2 0.2 0.2", "hallucinated")
            hallucination = pd.array("sound")
            rest(1.2)
    played, rate = soundfile.read(record)
    waves = [*magenta.generate(z[None].repeat(5, 0), [40, 52, 47, 60, 36]), hallucination]
    steepest = max(np.abs(np.diff(wave)).max() for wave in waves)
    loudest = max(np.abs(wave).max() for wave in waves)
    # Cubic interpolation can be somewhat steeper than its points; two sounds overlap while they fade.
    assert np.abs(np.diff(played)).max() < 2 * 1.5 * steepest * RATE / rate + loudest / (0.002 * rate)
    assert likeness(played, hallucination, rate) > 0.9


def test_a_sound_that_is_loaded_but_not_played_leaves_the_other_alone(tmp_path):
    with pd_running(tmp_path, PLAYER) as pd:
        pd.say("auto 0")
        with pd.recording() as record:
            pd.say(f"load {sine(tmp_path / 'low.wav', 220, 1.5)} {RATE}")
            pd.say("play")
            for _ in range(3):
                pd.say(f"load {sine(tmp_path / 'high.wav', 880, 1)} {RATE}")
                rest(0.1)
            pd.wait(1, "playing", 0)
    wave, rate = sounding(record)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    assert np.argmax(spectrum) * rate / len(wave) == pytest.approx(220, abs=2)
    assert spectrum[int(880 * len(wave) / rate)] < 1e-3 * spectrum.max()


def test_gain_sets_the_level_of_the_next_play(tmp_path):
    with pd_running(tmp_path, PLAYER) as pd:
        pd.say("gain 0.2")
        with pd.recording() as record:
            pd.say(f"load {sine(tmp_path / 'a.wav', 440, 0.3)} {RATE}")
            pd.wait(1, "playing", 0)
    assert np.abs(sounding(record)[0]).max() == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize(
    ("name", "file"),
    [("my take", "my take.wav"), ("a.wav", "a.wav"), ("a.wave", "a.wave.wav"), ("x", "x.wav"), ("A.WAV", "A.WAV")],
)
def test_the_newest_sound_is_saved_at_its_own_rate_in_the_file_that_is_named(tmp_path, name, file):
    path = tmp_path / "a sine.wav"
    with pd_running(tmp_path, PLAYER) as pd:
        pd.say(f"load {sine(path, 440, 0.5)} {RATE}")
        pd.say(f"save {escaped(tmp_path / name)}")
        assert pd.wait(1, "saved") == [str(tmp_path / file), 8000]
    saved, rate = soundfile.read(tmp_path / file)
    assert rate == RATE
    assert np.allclose(saved, soundfile.read(path)[0], atol=2**-22)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("load /nowhere/at/all.wav 16000", "could not read the sound file"),
        ("save /nowhere/at/all", "there is no sound to save"),
    ],
)
def test_a_mistake_is_named(tmp_path, message, reason):
    with pd_running(tmp_path, PLAYER) as pd:
        pd.say(message)
        assert pd.wait(1, "failed") == [reason]


def test_a_folder_that_does_not_exist_is_named_when_saving(tmp_path):
    with pd_running(tmp_path, PLAYER) as pd:
        pd.say(f"load {sine(tmp_path / 'a.wav', 440, 0.5)} {RATE}")
        pd.say("save /nowhere/at/all")
        assert pd.wait(1, "failed") == ["could not write the sound file"]


def test_play_without_a_sound_does_nothing(tmp_path):
    with pd_running(tmp_path, PLAYER) as pd:
        pd.say("play")
        pd.say("stop")
        assert pd.size("nothing") == 0
        assert not any(message[:2] == [1, "playing"] for message in pd.heard)


def test_a_sound_that_is_cut_short_says_so_and_one_that_ends_does_not(tmp_path):
    with pd_running(tmp_path, PLAYER) as pd:
        pd.say(f"load {sine(tmp_path / 'short.wav', 440, 0.2)} {RATE}")
        pd.wait(1, "playing", 0)
        pd.say("stop")
        pd.say(f"load {sine(tmp_path / 'long.wav', 440, 5)} {RATE}")
        pd.wait(1, "playing", 1)
        assert [1, "stopped"] not in pd.heard
        pd.say("stop 40")
        pd.wait(1, "stopped")
        pd.wait(1, "playing", 0)
