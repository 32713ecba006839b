"""hallu-tone~.pd and hallu-voice~.pd in a real Pd: heads, whole notes, loops, bend, release, eight voices."""

import threading
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
from conftest import datagram
from fake_server import FakeServer

from pd import escaped, pd_running, with_object

RATE, HERTZ, LEVEL = 16000, 440.0, 0.5
TONE = with_object("hallu-tone~ 0", outlets=2, signals=1)
VOICES = """#N canvas 0 0 500 400 12;
#X obj 20 20 r in;
#X obj 20 60 hallu-voice~ mine;
#X obj 20 100 writesf~;
#X obj 120 80 r record;
#X obj 200 100 hallu-osc 127.0.0.1 {port};
#X obj 200 140 s report;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 3 0 2 0;
#X connect 1 1 4 0;
#X connect 4 0 1 0;
#X connect 4 0 5 0;
"""


def rest(seconds):
    threading.Event().wait(seconds)


@pytest.fixture
def note(tmp_path):
    """A sine of two seconds, whole and its first quarter of a second: the messages that load them."""
    wave = (LEVEL * np.sin(2 * np.pi * HERTZ * np.arange(2 * RATE) / RATE)).astype(np.float32)
    soundfile.write(tmp_path / "a head.wav", wave[:4000], RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "whole.wav", wave, RATE, subtype="FLOAT")
    head = f"{escaped(tmp_path / 'a head.wav')} 4000 {RATE} {len(wave)}"
    return head, f"{escaped(tmp_path / 'whole.wav')} {len(wave)} {RATE}"


def sounding(path):
    wave, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(wave) > 1e-4)
    return wave[loud[0] : loud[-1] + 1], rate


def hertz_of(wave, rate):
    """The frequency of a sine, by the phase of its analytic signal."""
    spectrum = np.fft.fft(wave * np.hanning(len(wave)))
    spectrum[len(wave) // 2 :] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))[len(wave) // 4 : -len(wave) // 4]
    return np.polyfit(np.arange(len(phase)), phase, 1)[0] * rate / (2 * np.pi)


def smooth(wave, rate, hertz=HERTZ):
    """Whether no step is steeper than those of the sine and of fades of 2 ms."""
    return np.abs(np.diff(wave)).max() < LEVEL * (2 * np.pi * hertz / rate + 1 / (0.002 * rate))


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_held_note_goes_on_after_its_end_at_its_pitch_and_level(tmp_path, note, rate):
    with pd_running(tmp_path, TONE, rate=rate) as pd, pd.recording() as record:
        pd.say(f"head {note[0]}")
        rest(0.1)
        pd.say(f"whole {note[1]}")
        pd.say("loop 20000 8000")
        rest(3.4)
        pd.say("release 100")
        pd.wait(1, "free")
    wave, _ = sounding(record)
    middle = wave[rate // 20 : 3 * rate]
    assert len(wave) > 3.2 * rate
    assert 1200 * np.log2(hertz_of(middle, rate) / HERTZ) == pytest.approx(0, abs=3)
    assert np.abs(middle[: len(middle) // 441 * 441].reshape(-1, 441)).max(axis=1).min() > 0.98 * LEVEL
    assert smooth(wave, rate)


def test_a_head_whose_rest_is_late_fades_and_goes_on_where_it_would_be(tmp_path, note):
    with pd_running(tmp_path, TONE) as pd, pd.recording() as record:
        pd.say(f"head {note[0]}")
        rest(0.6)
        pd.say(f"whole {note[1]}")
        pd.wait(1, "free")
    wave, rate = sounding(record)
    assert len(wave) / rate == pytest.approx(2, abs=0.03)
    assert np.abs(wave[int(0.3 * rate) : int(0.45 * rate)]).max() < 1e-3
    assert smooth(wave, rate)


def test_bend_changes_the_pitch_without_a_step(tmp_path, note):
    with pd_running(tmp_path, TONE) as pd, pd.recording() as record:
        pd.say("bend 0")
        pd.say(f"head {note[0]}")
        pd.say(f"whole {note[1]}")
        rest(0.5)
        pd.say("bend 2")
        pd.wait(1, "free")
    wave, rate = sounding(record)
    ends = hertz_of(wave[rate // 10 : 4 * rate // 10], rate), hertz_of(wave[-rate // 2 : -rate // 10], rate)
    assert [1200 * np.log2(found / HERTZ) for found in ends] == pytest.approx([0, 200], abs=3)
    assert smooth(wave, rate, 1.2 * HERTZ)


def test_a_file_that_is_not_there_frees_the_voice(tmp_path):
    with pd_running(tmp_path, TONE) as pd:
        pd.say(f"head /nowhere/at/all.wav 4000 {RATE} 32000")
        assert pd.wait(1, "free") == []


@pytest.fixture
def voices(tmp_path):
    """A hallu-voice~ in Pd, and the server that it asks."""
    server = FakeServer()
    with pd_running(tmp_path, VOICES.format(port=server.port)) as pd:
        pd.to("pd", "dsp 1")
        pd.say("pitches 40 41 42 60 61")
        yield pd, server
    server.close()


def asked(server):
    """The next note that is asked for: target, slot, pitch, sender; the loops of notes are not looked at."""
    while True:
        address, args, sender = server.receive()
        if address == "/sound/note":
            return *args, sender
        assert address == "/sound/loop"


def play(server, note):
    """Answer the next note as the server does."""
    target, _, pitch, sender = asked(server)
    head, frames, rate, total = note[0].replace("\\ ", " ").rsplit(" ", 3)
    server.send(sender, "/sound/head", str(int(target)), head, int(frames), int(rate), int(total))
    whole, frames, rate = note[1].rsplit(" ", 2)
    server.send(sender, "/sound/audio", str(int(target)), whole, int(frames), int(rate))
    server.send(sender, "/done", "/sound/note", str(int(target)))
    return pitch


@contextmanager
def sounded(voices, note, message="note 60 127"):
    """The recording of a note that this message begins, and that is stopped at the end of the block."""
    pd, server = voices
    with pd.recording() as record:
        pd.say(message)
        play(server, note)
        yield record
        pd.say("stop")
        rest(0.2)


@pytest.mark.parametrize(("key", "pitch"), [(60, 60), (127, 61), (0, 40), (50, 42), (52, 60)])
def test_a_key_asks_for_the_nearest_pitch_of_the_model(voices, key, pitch):
    pd, server = voices
    pd.say(f"note {key} 100")
    assert asked(server)[1:3] == ("mine", pitch)


def test_a_key_without_a_pitch_of_its_own_is_bent_to_it(voices, note):
    pd, server = voices
    with pd.recording() as record:
        pd.say("note 64 127")
        assert play(server, note) == 61
        rest(0.5)
        pd.say("note 64 0")
        rest(0.5)
    wave, rate = sounding(record)
    found = hertz_of(wave[rate // 20 : 4 * rate // 10], rate)
    assert 1200 * np.log2(found / HERTZ) == pytest.approx(300, abs=3)


def test_velocity_is_the_level_and_the_gain_is_the_models(voices, note):
    pd, _ = voices
    levels = []
    for message in ("note 60 127", "note 60 64"):
        pd.say("gain 0.5")
        with sounded(voices, note, message) as record:
            rest(0.3)
        levels.append(np.abs(sounding(record)[0]).max())
    assert levels == pytest.approx([0.25, 0.25 * (64 / 127) ** 2], rel=0.02)


def test_the_pedal_holds_what_is_let_go(voices, note):
    pd, server = voices
    pd.say("pedal 1")
    with pd.recording() as record:
        pd.say("note 60 127")
        play(server, note)
        rest(0.1)
        pd.say("note 60 0")
        rest(0.8)
        pd.say("pedal 0")
        rest(0.6)
    wave, rate = sounding(record)
    assert np.abs(wave[int(0.7 * rate) : int(0.8 * rate)]).max() == pytest.approx(LEVEL, rel=0.02)
    assert len(wave) / rate < 1.5


def test_a_ninth_note_takes_the_place_of_the_oldest_without_a_click(voices, note):
    pd, server = voices
    pd.say("gain 0.1")
    with pd.recording() as record:
        for key in range(40, 49):
            pd.say(f"note {key} 127")
            play(server, note)
            rest(0.05)
        rest(0.2)
        pd.say("stop")
        rest(0.2)
    wave, rate = sounding(record)
    assert np.abs(wave).max() <= 0.1 * LEVEL * 8.2
    assert np.abs(np.diff(wave)).max() < 9 * 0.1 * LEVEL * (2 * np.pi * 2 * HERTZ / rate + 1 / (0.002 * rate))


def test_a_note_that_is_let_go_before_it_comes_is_heard_and_ends(voices, note):
    pd, server = voices
    with pd.recording() as record:
        pd.say("note 60 127")
        pd.say("note 60 0")
        play(server, note)
        rest(0.8)
    wave, rate = sounding(record)
    assert np.abs(wave).max() > 0.5 * LEVEL and len(wave) / rate < 0.6


def test_a_note_that_comes_long_after_it_was_let_go_ends_too(voices, note):
    pd, server = voices
    pd.say("release 20")
    with pd.recording() as record:
        pd.say("note 60 127")
        pd.say("note 60 0")
        rest(0.3)
        play(server, note)
        rest(0.6)
    wave, rate = sounding(record)
    assert len(wave) / rate < 0.3


def test_a_note_that_fails_frees_its_voice(voices, note):
    pd, server = voices
    for _ in range(20):
        pd.say("note 60 100")
        target, _, _, sender = asked(server)
        server.send(sender, "/fail", "/sound/note", str(int(target)), "no model is loaded")
        pd.wait("fail", "/sound/note")
    with sounded(voices, note) as record:
        rest(0.2)
    assert np.abs(sounding(record)[0]).max() > 0.9 * LEVEL


def test_with_mpe_each_channel_bends_its_note_and_the_first_bends_all(voices, note):
    pd, server = voices
    pd.say("mpe 1")
    with pd.recording() as record:
        pd.say("note 60 127 3")
        play(server, note)
        pd.say("bend 5 2")
        pd.say("bend 1 3")
        pd.say("bend 1 1")
        rest(0.6)
        pd.say("note 60 0 3")
        rest(0.5)
    wave, rate = sounding(record)
    found = hertz_of(wave[rate // 5 : 5 * rate // 10], rate)
    assert 1200 * np.log2(found / HERTZ) == pytest.approx(200, abs=4)


def test_in_the_upper_zone_channel_16_is_that_of_all_notes(voices, note):
    pd, _ = voices
    pd.say("mpe 2")
    with sounded(voices, note, "note 60 127 3") as record:
        pd.say("bend 5 1")
        pd.say("bend 2 16")
        pd.say("pressure 0.5 16")
        rest(0.7)
    wave, rate = sounding(record)
    found = hertz_of(wave[rate // 5 : 5 * rate // 10], rate)
    assert 1200 * np.log2(found / HERTZ) == pytest.approx(200, abs=4)
    assert np.abs(wave[rate // 5 : rate // 2]).max() == pytest.approx(0.5 * LEVEL, rel=0.03)


def test_with_mpe_a_note_begins_with_the_pressure_of_its_channel(voices, note):
    pd, _ = voices
    pd.say("mpe 1")
    pd.say("pressure 0.25 3")
    with sounded(voices, note, "note 60 127 3") as record:
        rest(0.3)
    assert np.abs(sounding(record)[0]).max() == pytest.approx(0.25 * LEVEL, rel=0.03)


def test_pressure_is_the_level_of_the_notes_of_its_channel(voices, note):
    pd, _ = voices
    pd.say("mpe 1")
    with sounded(voices, note, "note 60 127 3") as record:
        rest(0.3)
        pd.say("pressure 0.1 5")
        rest(0.3)
        pd.say("pressure 0.5 3")
        rest(0.4)
    wave, rate = sounding(record)
    levels = [np.abs(wave[int(at_s * rate) :][: rate // 20]).max() for at_s in (0.1, 0.45, 0.85)]
    assert levels == pytest.approx([LEVEL, LEVEL, 0.5 * LEVEL], rel=0.03)
    assert smooth(wave, rate)


def test_an_osc_message_without_arguments_and_a_datagram_of_the_server_pass_as_they_are(voices):
    pd, server = voices
    pd.say("note 60 100")
    sender = asked(server)[-1]
    server.socket.sendto(datagram("/session/names", "a b", "c"), sender)
    assert pd.wait("session", "names") == ["a b", "c"]
