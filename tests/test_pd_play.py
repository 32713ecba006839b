"""The shipped patches tell a real server, and through it a real renderer, what sounds and when it is cut short."""

import shutil
import time
from pathlib import Path

import pytest
import zmq
from conftest import DATA, SMALL, RunningServer, free_pair, running_with
from played import playing
from waiting import until

from pd import PD, pd_running
from renderer.ipc import messages
from server.link.keyring import Keyring

PATIENCE_MS = 60_000
PREVIEW = "#N canvas 0 0 900 600 12;\n#X obj 20 10 hallu-bar two;\n#X obj 20 120 hallu-listen~ two play;\n"
PREVIEW += "#X obj 20 300 table two-z 64;\n"


class Ears:
    """Hears what the server tells its renderers."""

    def __init__(self, port, keys):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        keys.secure(self.socket)
        self.socket.connect(f"tcp://127.0.0.1:{port}")
        self.socket.subscribe(b"")

    def hear(self, topic):
        """The fields of the next event of this topic."""
        return self.next(topic).fields

    def next(self, *topics):
        """The next event of these topics."""
        while self.socket.poll(PATIENCE_MS):
            event = messages.decode(self.socket.recv_multipart())
            if event.topic in topics:
                return event
        raise AssertionError(f"nothing about {topics}")


@pytest.fixture(scope="module")
def port():
    return free_pair()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("painting")


@pytest.fixture(scope="module")
def keys(folder):
    return Keyring(folder / "keys").add("ears")


@pytest.fixture(scope="module")
def painting(folder, keys, port):
    """A server that plays a small voice, with a renderer that has a small image model."""
    shutil.copytree(SMALL, folder / "gansynth" / "magenta_small")
    shutil.copytree(DATA / "biggan_small", folder / "biggan" / "biggan_small")
    flags = ("--image-port", port, "--pictures", folder / "pictures")
    yield from running_with(RunningServer(folder, folder, *flags), "magenta_small")


@pytest.fixture
def ears(painting, keys, port):
    ears = Ears(port, keys)
    yield ears
    ears.context.destroy(linger=0)


@pytest.fixture
def play(tmp_path, painting, ears):
    with playing(tmp_path, painting.port) as start:
        yield start


def test_a_hallucination_is_told_when_it_begins_begins_again_and_is_cut_short(play, ears, painting):
    patch = play("gansynth_hallucination.pd", "sound")
    patch.set("notes-set", 3)
    begun = time.monotonic()
    patch.press("generate")
    made = ears.hear("sound")["target"]
    assert made.endswith(f"-{patch.name('sound')}")
    played = ears.hear("play")
    assert played["target"] == made
    assert 0 <= played["position_s"] <= time.monotonic() - begun
    assert until(lambda: painting.send("/image/status")[0].args[5:6] == [made])
    patch.press("again")
    assert ears.hear("play")["target"] == made
    patch.press("stop")
    assert ears.hear("stop") == {"target": made}


def test_a_note_is_told(play, ears):
    patch = play("gansynth.pd", "z")
    patch.press("random", "randomized")
    patch.press("play")
    made = ears.hear("sound")["target"]
    assert ears.hear("play")["target"] == made
    patch.press("stop")
    assert ears.hear("stop")["target"] == made


def test_a_sound_that_ends_by_itself_is_not_stopped(play, ears):
    patch = play("gansynth_hallucination.pd", "sound")
    patch.listen("playing")
    for name in ("notes", "attack", "sustain", "release"):
        patch.set(f"{name}-set", 1 if name == "notes" else 0.1)
    patch.press("generate")
    patch.wait("playing", 0)
    patch.press("stop")
    patch.press("again")
    assert [ears.next("play", "stop").topic for _ in range(2)] == ["play", "play"]
    patch.press("stop")
    assert ears.next("play", "stop").topic == "stop"


def test_keys_are_told_each_with_its_own_target(play, ears):
    patch = play("gansynth_multi.pd", "z1")
    patch.pd.listen(patch.name("new-timbre"))
    patch.press("random-all", "randomized")
    patch.pd.wait(patch.name("new-timbre"))
    patch.set("key", "60 100")
    first = ears.hear("sound")["target"]
    assert first.endswith("-@60") and ears.hear("play")["target"] == first
    patch.set("key", "64 100")
    assert ears.hear("play")["target"].endswith("-@64")
    patch.set("key", "60 100")
    assert ears.hear("play")["target"] == first
    patch.set("key-ends", "60")
    assert ears.hear("stop")["target"] == first


def test_nine_keys_in_a_row_all_sound(play, ears):
    patch = play("gansynth_multi.pd", "z1")
    patch.pd.listen(patch.name("new-timbre"))
    patch.press("random-all", "randomized")
    patch.pd.wait(patch.name("new-timbre"))
    for pitch in range(50, 59):
        patch.set("key", f"{pitch} 100")
        assert ears.hear("play")["target"].endswith(f"-@{pitch}")


def test_a_preview_is_told_by_its_own_name(tmp_path, painting, ears):
    with pd_running(tmp_path, PREVIEW) as pd:
        pd.listen("two-answer")
        pd.to("hallu-connect", f"127.0.0.1 {painting.port}")
        pd.wait("two-answer", "loaded")
        pd.to("two-ask", "randomize_z two-z")
        pd.to("two-ask", "synthesize two-z @preview 60")
        assert ears.hear("play")["target"].endswith("-@preview")


def test_visuals_steers_a_real_renderer(tmp_path, painting):
    with pd_running(tmp_path, PD / "visuals.pd", paths=()) as pd:
        number = pd.number_of("picture-edits")
        answers = f"{number}-answer"
        pd.listen(answers)
        pd.to("hallu-connect", f"127.0.0.1 {painting.port}")
        while pd.wait(answers, "image", "status")[0] != "biggan_small":
            pass
        pd.to(f"{number}-class", "7")
        # Those that were on when the patch was opened come first.
        while len(pd.wait(answers, "image", "class_names")) != 1:
            pass
        pd.press(f"{number}-picture-load-directions-button")
        assert pd.wait(answers, "image", "components")[0] > 0
        pd.to(f"{number}-picture-edits-set", "1 -1")
        pd.wait(answers, "image", "done", "load_ganspace_components")
        pd.wait(answers, "image", "done", "edits")
        pd.to(f"{number}-set-file", "symbol moment")
        pd.press(f"{number}-snapshot-button")
        (path,) = pd.wait(answers, "image", "file")
        assert Path(path).name == "moment.png" and Path(path).read_bytes().startswith(b"\x89PNG")
        pd.listen(f"{number}-jitter-is")
        painting.send("/image/jitter", 0.25)
        pd.wait(f"{number}-jitter-is", 0.25)
        assert not any(message[1:3] == ["image", "failed"] and message[3] != "status" for message in pd.heard)
