"""Rooms of clients that are not plain sockets: patches in a real Pd, and what plays through a bridge."""

from pathlib import Path

import pytest
import soundfile
from conftest import Peer, RunningServer, running_with
from remote import Home, the_same

from pd import pd_running

PATCH = """#N canvas 0 0 500 400 12;
#X obj 20 20 r in{number};
#X obj 20 60 hallu-osc 127.0.0.1 {port};
#X obj 20 100 list prepend {number};
#X obj 20 130 s report;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
"""


@pytest.fixture(scope="module")
def roomed(tmp_path_factory, band):
    yield from running_with(RunningServer(tmp_path_factory.mktemp("rooms"), band, "--rooms", "--load", "band"), "band")


def test_two_patches_in_two_rooms_have_two_sounds_in_a_slot_of_the_same_name(roomed, tmp_path):
    patches = [PATCH.format(number=number, port=roomed.port) for number in (1, 2)]
    with pd_running(tmp_path, *patches) as pd:
        waves = []
        for number, room in ((1, "anna"), (2, "ben")):
            pd.wait(number, "done", "/status")
            pd.to(f"in{number}", f"/room {room}")
            pd.wait(number, "room", "joined", room)
            pd.to(f"in{number}", "/sound/randomize_z mine")
            pd.wait(number, "sound", "z", "mine")
        for number in (1, 2):
            pd.to(f"in{number}", "/sound/synthesize mine t 60")
            waves.append(soundfile.read(pd.wait(number, "sound", "audio", "t")[0])[0])
        assert not pd.errors()
    assert abs(waves[0] - waves[1]).max() > 0.01


BARS = "#N canvas 0 0 900 600 12;\n#X obj 20 20 hallu-bar one;\n#X obj 20 220 hallu-bar two;\n"


def test_a_room_typed_in_one_patch_is_that_of_all_patches_of_this_pd(roomed, tmp_path):
    with pd_running(tmp_path, BARS) as pd:
        for name in ("one", "two"):
            pd.listen(f"{name}-answer")
        for number in range(1000, 1020):
            pd.listen(f"{number}-joined")
        pd.to("hallu-connect", f"127.0.0.1 {roomed.port}")
        for name in ("one", "two"):
            pd.wait(f"{name}-answer", "server", 1)
        pd.to("hallu-room", "symbol carla")
        for name in ("one", "two"):
            pd.to(f"{name}-ask", "load band")
            pd.wait(f"{name}-answer", "loaded")
            pd.to(f"{name}-ask", "condition family brass")
            pd.wait(f"{name}-answer", "conditioned", "family", "brass")
        assert ["label", "here: carla"] in [message[1:] for message in pd.heard]
    carla, main = Peer(roomed.port), Peer(roomed.port)
    carla.ask("/room", "carla")
    brass, unset = (
        [m.args for m in peer.ask("/sound/settings") if m.address == "/sound/conditioned" and m.args[0] == "family"]
        for peer in (carla, main)
    )
    assert (brass, unset) == ([["family", "brass"]], [["family", "any"]])


@pytest.fixture(scope="module")
def home(tmp_path_factory, band):
    found = Home(tmp_path_factory.mktemp("elsewhere"), band, "--rooms", "--load", "band")
    yield found
    found.close()


def test_behind_a_bridge_is_a_room_with_the_name_of_its_key(home):
    assert home.bridge.send("/room")[-2].args == ["at-home"]
    home.bridge.send("/sound/randomize_z", "mine")
    there = Peer(home.server.port).ask("/sound/synthesize", "mine", "t", 60)
    assert "no slot" in there[-1].args[2]


def test_a_sound_of_a_room_comes_home_and_can_be_looped(home):
    home.bridge.send("/sound/randomize_z", "mine")
    audio = next(reply for reply in home.bridge.send("/sound/synthesize", "mine", "t", 60) if len(reply.args) > 3)
    assert the_same(audio.args[1], home.server.spool / "rooms" / "at-home")
    assert home.bridge.send("/sound/loop", "t", audio.args[1])[-1].address == "/done"


def test_a_recording_from_home_arrives_in_the_folder_of_the_room(home, tmp_path):
    wave = [0.1 * (step % 20 - 10) for step in range(500)]
    soundfile.write(tmp_path / "mine.wav", wave, 1000, subtype="FLOAT")
    client = Peer(home.bridge.port)
    client.send("/sound/match", "found", str(tmp_path / "mine.wav"), 60)
    assert client.receive().address == "/progress"
    client.send("/cancel", "found")
    assert len(list((home.server.spool / "rooms" / "at-home").glob("*-sent.wav"))) == 1
    assert not list(Path(home.server.spool).glob("*-sent.wav"))
