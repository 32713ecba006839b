"""How loud the shipped patches are, in a real Pd that plays the shipped model."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RunningServer, running_with
from fake_server import FakeServer
from played import Played

from core.audio.levels import gain
from core.audio.loudness import TARGET_LUFS, loudness_lufs
from pd import PD, escaped, pd_running, with_object

MODELS = Path(__file__).parent.parent / "models"
CLIENT = with_object("hallu-client 127.0.0.1 {port}", arrays=("z", "sound"))


@pytest.fixture(scope="module")
def fluid(tmp_path_factory):
    yield from running_with(RunningServer(tmp_path_factory.mktemp("server"), MODELS), "fluid")


def recordable(folder, patch):
    """A copy of the patches in which what would reach the loudspeakers is recorded too."""
    for path in PD.glob("*.pd"):
        text = path.read_text()
        if path.name in (patch, "hallu-listen~.pd"):
            text = re.sub(r"(#X obj \d+ \d+) dac~;", r"\1 tee~;", text)
        (folder / path.name).write_text(text)
    (folder / "tee~.pd").write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 20 20 inlet~;\n#X obj 150 20 inlet~;\n#X obj 20 60 writesf~;\n"
        "#X obj 150 60 r record;\n#X obj 20 100 dac~;\n#X connect 0 0 2 0;\n#X connect 3 0 2 0;\n#X connect 0 0 4 0;\n"
        "#X connect 1 0 4 1;\n"
    )
    return folder / patch


def without_silence(wave):
    loud = np.flatnonzero(np.abs(wave) > 1e-4)
    return wave[loud[0] : loud[-1] + 1]


@pytest.mark.parametrize(
    ("name", "array", "buttons", "seconds"),
    [("gansynth.pd", "z", ("random", "play"), 2.3), ("gansynth_hallucination.pd", "sound", ("generate",), 4.0)],
)
def test_the_first_sound_at_the_default_level_is_near_the_common_loudness(
    tmp_path, fluid, name, array, buttons, seconds
):
    found = []
    fluid.send("/sound/seed", 3)
    with pd_running(tmp_path / "pd", recordable(tmp_path, name), paths=()) as pd:
        patch = Played(pd, array, fluid.port)
        patch.set("notes-set", 6)
        for _ in range(3):
            for button in buttons[:-1]:
                patch.press(button, "randomized")
            with pd.recording() as record:
                patch.press(buttons[-1], "audio")
                threading.Event().wait(seconds)
            wave, rate = soundfile.read(record)
            assert np.abs(wave).max() <= 0.891
            found.append(loudness_lufs(without_silence(wave), rate))
    assert np.mean(found) == pytest.approx(TARGET_LUFS, abs=3)


def loudness_of_arrays(pd):
    """That of three notes and three hallucinations, none above -1 dBFS."""
    found = []
    for message, end in (("synthesize z sound 60", "synthesized"), ("hallucinate sound 3 3", "hallucinated")) * 3:
        pd.ask("randomize_z z", "randomized")
        pd.ask(message, end)
        wave = pd.array("sound")
        assert np.abs(wave).max() <= 10 ** (-1 / 20)
        found.append(loudness_lufs(without_silence(wave), 16000))
    return found


def test_the_drop_in_fills_arrays_at_the_common_loudness(tmp_path, fluid):
    patch = with_object("pyext. sopimagenta.gansynth.pyext gansynth @detach 1", inlet=1, arrays=("z", "sound"))
    with pd_running(tmp_path / "pd", patch, paths=(PD / "compat",)) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {fluid.port}")
        pd.ask("load fluid 4", "loaded")
        assert np.mean(loudness_of_arrays(pd)) == pytest.approx(TARGET_LUFS, abs=3)


def test_a_client_with_at_level_leaves_no_gain_to_the_player(tmp_path, fluid):
    with pd_running(tmp_path / "pd", CLIENT.format(port=fluid.port)) as pd:
        pd.say("at_level 1")
        pd.ask("load fluid", "loaded")
        assert np.mean(loudness_of_arrays(pd)) == pytest.approx(TARGET_LUFS, abs=3)
        assert {message[3] for message in pd.heard if message[:2] == [0, "gain"]} == {1}


def test_each_hallucination_comes_with_its_own_gain_to_those_who_ask(fluid):
    client = fluid.peer()
    client.ask("/notify", 0, 0, 0, 1)
    for spacing in (0.1, 0.5, 1.5):
        gained, audio, _ = [
            reply for reply in client.ask("/sound/hallucinate", "x", 3, 1, spacing) if reply.address != "/progress"
        ]
        wave, rate = soundfile.read(audio.args[1])
        assert (gained.address, gained.args[0]) == ("/sound/gain", "x")
        assert loudness_lufs(wave, rate) + gained.args[1] == pytest.approx(TARGET_LUFS, abs=0.1)


@pytest.fixture
def client(tmp_path):
    """A `hallu-client` in a Pd, the server that it sends to, and its sender's address after the first request."""
    server = FakeServer()
    wave = tmp_path / "note.wav"
    soundfile.write(wave, np.zeros(100, np.float32), 16000, subtype="FLOAT")
    with pd_running(tmp_path / "pd", CLIENT.format(port=server.port)) as pd:
        yield pd, server, str(wave)
    server.close()


def answer(server, *replies):
    """Reply to the next request, then end it."""
    address, arguments, sender = server.receive()
    for reply in replies:
        server.send(sender, reply[0], *(arguments[1] if word == "TARGET" else word for word in reply[1:]))
    server.send(sender, "/done", address)
    return address


def test_a_sound_comes_with_the_gain_of_its_kind(client):
    pd, server, wave = client
    loaded = ("/sound/loaded", "quiet", 100, 16000, 4, 40)
    pd.say("load quiet")
    answer(server, loaded, ("/sound/level", "quiet", 12.0, -6.0))
    assert pd.wait(0, "level") == ["quiet", 12, -6]
    pd.say("hallucinate sound 2 1")
    assert answer(server) == "/notify"
    address, arguments, sender = server.receive()
    server.send(sender, "/sound/audio", arguments[0], wave, 100, 16000)
    assert pd.wait(0, "gain") == ["sound", pytest.approx(gain(-6), rel=1e-4)]
    assert pd.wait(0, "audio")[0] == "sound"
    server.send(sender, "/done", address, arguments[0])
    pd.wait(0, "hallucinated")
    pd.say("hallucinate sound 2 1")
    assert answer(server) == "/notify"
    address, arguments, sender = server.receive()
    server.send(sender, "/sound/gain", arguments[0], 3.5)
    server.send(sender, "/sound/audio", arguments[0], wave, 100, 16000)
    assert pd.wait(0, "gain") == ["sound", pytest.approx(gain(3.5), rel=1e-4)]
    server.send(sender, "/done", address, arguments[0])
    pd.wait(0, "hallucinated")
    pd.say("synthesize_noz sound 40 1")
    address, arguments, sender = server.receive()
    server.send(sender, "/sound/audio", arguments[0], wave, 100, 16000)
    assert pd.wait(0, "gain") == ["sound", pytest.approx(gain(12), rel=1e-4)]


def test_a_server_that_knows_no_gains_of_single_sounds_plays_on(client):
    pd, server, wave = client
    pd.say("load quiet")
    answer(server, ("/sound/loaded", "quiet", 100, 16000, 4, 40), ("/sound/level", "quiet", 12.0, -6.0))
    pd.say("hallucinate sound 2 1")
    address, _, sender = server.receive()
    server.send(sender, "/fail", address, "-", "/notify takes 0 to 3 arguments, not 4")
    address, arguments, sender = server.receive()
    assert address == "/sound/hallucinate"
    server.send(sender, "/sound/audio", arguments[0], wave, 100, 16000)
    assert pd.wait(0, "gain") == ["sound", pytest.approx(gain(-6), rel=1e-4)]
    server.send(sender, "/done", address, arguments[0])
    pd.wait(0, "hallucinated")
    assert not any(message[1] == "failed" for message in pd.heard)


@pytest.mark.parametrize(
    ("in_tune", "line"), [((0.25,), "it plays noise: still training?"), ((0.5,), "loaded"), ((), "loaded")]
)
def test_the_bar_says_when_a_model_plays_noise(tmp_path, in_tune, line):
    server = FakeServer()
    with pd_running(tmp_path, "#N canvas 0 0 900 300 12;\n#X obj 20 20 hallu-bar one;\n") as pd:
        for number in range(1000, 1010):
            pd.listen(f"{number}-says")
        pd.listen("one-answer")
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        pd.to("one-ask", "load young")
        answer(server, ("/sound/loaded", "young", 100, 16000, 4, 40), ("/sound/level", "young", 1.0, 2.0, *in_tune))
        pd.wait("one-answer", "loaded")
        pd.to("report", "asked")
        pd.wait("asked")
    server.close()
    said = [message[2] for message in pd.heard if str(message[0]).endswith("-says") and message[1] == "label"]
    assert said[-1] == line


def key_asked(server):
    """The next note that a key asks for: address, target and sender; all else is done at once."""
    while True:
        address, arguments, sender = server.receive()
        if address == "/sound/synthesize":
            return address, arguments[1], sender
        if address == "/sound/note":
            return address, f"{arguments[0]:g}", sender
        if address == "/sound/load":
            server.send(sender, "/sound/loaded", "sine", 16000, 16000, 4, *range(40, 77))
            server.send(sender, "/sound/level", "sine", 6.0206, 0.0)
        server.send(sender, "/done", address)


@pytest.mark.parametrize("name", ["gansynth_multi.pd", "hallu_live.pd"])
def test_a_key_of_velocity_100_has_the_gain_of_the_model(tmp_path, name):
    server, wave = FakeServer(), tmp_path / "note.wav"
    server.model = "sine"
    soundfile.write(wave, 0.2 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000), 16000, subtype="FLOAT")
    with pd_running(tmp_path / "pd", recordable(tmp_path, name), paths=()) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        with pd.recording() as record:
            threading.Timer(2.0, pd.to, ("#notein", "52 100 1")).start()
            address, target, sender = key_asked(server)
            if address == "/sound/note":
                server.send(sender, "/sound/head", target, str(wave), 16000, 16000, 16000)
            server.send(sender, "/sound/audio", target, str(wave), 16000, 16000)
            server.send(sender, "/done", address, target)
            threading.Event().wait(0.6)
    server.close()
    assert np.abs(soundfile.read(record)[0]).max() == pytest.approx(0.4, rel=0.02)


GRAPH = """#N canvas 0 0 500 400 12;
#X obj 20 20 r in;
#X obj 20 60 hallu-graph wave;
#N canvas 0 50 450 300 (subpatch) 0;
#X array wave 5 float 0;
#X coords 0 1 5 -1 200 100 1 0 0;
#X restore 200 60 graph;
#X connect 0 0 1 0;
"""


@pytest.mark.parametrize(
    ("values", "top"),
    [("0 13 0 -2 0 1", 13.65), ("0 0.05 -0.1 0 0 0", 0.105), ("0 0 0 0 0 0", 1), ("0 nan 0 0 0 0", 1)],
)
def test_a_graph_shows_the_whole_sound_in_its_box(tmp_path, values, top):
    with pd_running(tmp_path, GRAPH) as pd:
        pd.to("wave", values)
        pd.say("bang")
        pd.to("pd-patch0.pd", f"savetofile saved.pd {escaped(tmp_path)} 0")
        assert pd.size("wave") == 5
    (bounds,) = re.findall(r"#X coords 0 (\S+) \d+ (\S+) ", (tmp_path / "saved.pd").read_text())
    assert [float(bound) for bound in bounds] == pytest.approx([top, -top], rel=1e-4)
