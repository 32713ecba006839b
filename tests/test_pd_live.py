"""hallu_live.pd in a real Pd on a real server with the voice that ships: keys, the square, sets, a server that dies."""

import re
import threading

import numpy as np
import pytest
import soundfile
from conftest import RunningServer
from fake_server import FakeServer

from core.files.user_folders import shipped
from gansynth.report.tuning import cents_off
from pd import PD, escaped, pd_running

# The patch is opened first: its number is the lowest.
NUMBER = 1003
TEE = (
    "#N canvas 0 0 300 200 12;\n#X obj 20 20 inlet~;\n#X obj 150 20 inlet~;\n#X obj 20 60 writesf~;\n"
    "#X obj 150 60 r record;\n#X obj 20 100 dac~;\n#X connect 0 0 2 0;\n#X connect 3 0 2 0;\n#X connect 0 0 4 0;\n"
    "#X connect 1 0 4 1;\n"
)


def rest(seconds):
    threading.Event().wait(seconds)


def recordable(folder):
    """The patches, with hallu_live.pd recording what reaches the loudspeakers."""
    folder.mkdir()
    for path in PD.glob("*.pd"):
        text = path.read_text()
        if path.name == "hallu_live.pd":
            text = re.sub(r"(#X obj \d+ \d+) dac~;", r"\1 tee~;", text)
        (folder / path.name).write_text(text)
    (folder / "tee~.pd").write_text(TEE)
    return folder / "hallu_live.pd"


def mixed(pd):
    """Wait until there is a timbre to play."""
    pd.wait(f"{NUMBER}-from", "done", "/sound/prepare")


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """The patch with four timbres, and its server."""
    folder = tmp_path_factory.mktemp("live")
    server = RunningServer(folder, shipped("models"), "--load", "fluid")
    with pd_running(folder / "pd run", recordable(folder / "pd"), paths=()) as pd:
        pd.to("pd", "dsp 1")
        for name in ("from", "answer", "say", "light", "sets"):
            pd.listen(f"{NUMBER}-{name}")
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        mixed(pd)
        yield pd, server
        server.kill()


def press(pd, key, seconds=0.4):
    pd.to("#notein", f"{key} 110 1")
    path, *_ = pd.wait(f"{NUMBER}-from", "sound", "audio")[1:]
    rest(seconds)
    pd.to("#notein", f"{key} 0 1")
    return path


def test_midi_keys_are_heard_in_tune_and_below_minus_1_dbfs(live):
    pd, _ = live
    pd.to(f"{NUMBER}-release-set", "60")
    for key in (48, 55, 60, 72):
        with pd.recording() as record:
            press(pd, key)
            rest(0.3)
        wave, rate = soundfile.read(record)
        begin = np.flatnonzero(np.abs(wave) > 0.003)[0]
        assert np.abs(wave).max() < 0.892
        assert abs(cents_off(wave[begin:], key, rate)) < 20


def test_a_key_beyond_the_model_is_bent_from_its_nearest_pitch(live):
    pd, _ = live
    with pd.recording() as record:
        press(pd, 79)
        rest(0.3)
    wave, rate = soundfile.read(record)
    assert abs(cents_off(wave[np.flatnonzero(np.abs(wave) > 0.003)[0] :], 79, rate)) < 20


def test_the_pictures_follow_what_is_played(live):
    pd, _ = live
    press(pd, 60, 0.1)
    pd.wait(f"{NUMBER}-from", "done", "/sound/play")


def test_the_square_moves_the_timbre(live):
    pd, server = live
    before = server.send("/sound/slerp_z", "live-mix", "live-mix", "copy", 0)[0].args[1:]
    pd.to(f"{NUMBER}-set-right", "0.1")
    mixed(pd)
    assert server.send("/sound/slerp_z", "live-mix", "live-mix", "copy", 0)[0].args[1:] != before


def test_sets_are_saved_by_name_and_recalled_by_program_change(live):
    pd, server = live
    wanted = server.send("/sound/slerp_z", "live-1", "live-1", "copy", 0)[0].args[1:]
    pd.to(f"{NUMBER}-set-set", "symbol dawn")
    pd.to(f"{NUMBER}-save-button", "bang")
    assert pd.wait(f"{NUMBER}-from", "session", "names") == ["dawn"]
    pd.to(f"{NUMBER}-random1-button", "bang")
    mixed(pd)
    assert server.send("/sound/slerp_z", "live-1", "live-1", "copy", 0)[0].args[1:] != wanted
    pd.to("#pgmin", "1 1")
    pd.wait(f"{NUMBER}-from", "done", "/session/load")
    assert server.send("/sound/slerp_z", "live-1", "live-1", "copy", 0)[0].args[1:] == wanted


def test_a_server_that_is_killed_is_missed_and_found_again(tmp_path):
    first = RunningServer(tmp_path, shipped("models"), "--load", "fluid")
    with pd_running(tmp_path / "run", recordable(tmp_path / "pd"), paths=()) as pd:
        pd.to("pd", "dsp 1")
        for name in ("from", "answer"):
            pd.listen(f"{NUMBER}-{name}")
        pd.to("hallu-connect", f"127.0.0.1 {first.port}")
        mixed(pd)
        first.kill()
        pd.wait(f"{NUMBER}-answer", "server", 0)
        second = RunningServer(tmp_path, shipped("models"), "--port", first.port)
        pd.wait(f"{NUMBER}-from", "server", 1)
        mixed(pd)
        with pd.recording() as record:
            press(pd, 60)
        second.kill()
    assert np.abs(soundfile.read(record)[0]).max() > 0.01


def test_a_file_goes_into_the_chosen_corner(tmp_path):
    server = FakeServer()
    with pd_running(tmp_path, PD / "hallu_live.pd", paths=()) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        pd.to(f"{NUMBER}-set-corner", "2")
        pd.to(f"{NUMBER}-match-file", f"symbol {escaped(tmp_path / 'my voice.wav')}")
        while (message := server.receive())[0] != "/sound/match":
            pass
        assert message[1] == ["live-3", str(tmp_path / "my voice.wav")]
    server.close()


def test_what_the_microphone_records_goes_into_the_chosen_corner(tmp_path):
    server = FakeServer()
    with pd_running(tmp_path / "run", recordable(tmp_path / "pd"), paths=()) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        pd.to(f"{NUMBER}-microphone-button", "bang")
        while (message := server.receive())[0] != "/sound/match":
            pass
    server.close()
    assert message[1] == ["live-1", str(tmp_path / "pd" / "hallu-microphone.wav")]
    recorded = soundfile.info(message[1][1])
    assert (recorded.frames, recorded.samplerate) == (2 * 44100, 44100)


@pytest.fixture
def fingers(tmp_path):
    """The patch with directions and a server that only listens: a function that gives the edits it is sent next."""
    server = FakeServer()
    with pd_running(tmp_path, PD / "hallu_live.pd", paths=()) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        pd.to(f"{NUMBER}-direction-names", "a b c d e f g h")

        def edits():
            while (message := server.receive())[0] != "/sound/set_edits":
                pass
            return message[1]

        yield pd, edits
    server.close()


@pytest.mark.parametrize(
    ("fader", "finger", "moved"),
    [("slide-set 3", ("#ctlin", "74 127 5"), 63 / 64 * 3), ("pressure-set 3", ("#touchin", "127 5"), 3)],
)
def test_slide_and_pressure_move_the_direction_that_is_chosen(fingers, fader, finger, moved):
    pd, edits = fingers
    pd.to(f"{NUMBER}-{fader.split()[0]}", fader.split()[1])
    pd.to(f"{NUMBER}-direction3-set", "-1")
    assert edits() == [0, 0, -1, 0, 0, 0, 0, 0]
    pd.to(*finger)
    assert edits() == [0, 0, pytest.approx(moved - 1), 0, 0, 0, 0, 0]


def test_a_finger_that_does_not_rest_is_followed(fingers):
    pd, edits = fingers
    for place in range(64, 128):
        pd.to("#ctlin", f"74 {place} 5")
        rest(0.005)
    found = [edits()[0] for _ in range(4)]
    assert found == sorted(found) and found[0] < 1.5


@pytest.mark.parametrize(("zone", "of_all", "finger"), [(1, 1, 4), (2, 16, 15)])
def test_with_mpe_fingers_bend_by_48_semitones_and_the_channel_of_all_by_2(fingers, zone, of_all, finger):
    pd, _ = fingers
    pd.listen(f"{NUMBER}-voice")
    pd.to(f"{NUMBER}-set-mpe", str(zone))
    for channel, semitones in ((finger, 24), (of_all, 1)):
        pd.to("#bendin", f"{8192 + 4096} {channel}")
        assert pd.wait(f"{NUMBER}-voice", "bend") == [pytest.approx(semitones), channel]


def test_slide_and_pressure_are_the_level_when_they_are_switched_on(fingers):
    pd, _ = fingers
    pd.listen(f"{NUMBER}-voice")
    for switch, finger in (("set-pressed", ("#touchin", "64 5")), ("set-slid-level", ("#ctlin", "74 127 6"))):
        pd.to(f"{NUMBER}-{switch}", "1")
        pd.to(*finger)
    assert pd.wait(f"{NUMBER}-voice", "pressure") == pytest.approx([64 / 127, 5])
    assert pd.wait(f"{NUMBER}-voice", "pressure") == [1, 6]
