"""bending.pd and its parts in a real Pd: each control once, and what others have set."""

import pytest
from conftest import datagram
from visuals import opened

from core.commands.reading import Command
from renderer.bending import TRANSFORMS
from server.osc.dispatcher import parse


@pytest.fixture
def patch(tmp_path):
    with opened(tmp_path, "bending.pd") as found:
        yield found


# What is done in the patch, and what the server then receives.
CONTROLS = {
    "on": ([("bend-2-on", "1")], "/image/bend", [2, "rgb", "zoom", 1, 0, 0]),
    "off": ([("bend-3-on", "0")], "/image/bend", [3]),
    "a layer": (
        [("bend-1-layer", "symbol b64.torgb"), ("bend-1-on", "1")],
        "/image/bend",
        [1, "b64.torgb", "zoom", 1, 0, 0],
    ),
    "a transform, at rest": (
        [("bend-1-rotate", "1"), ("bend-1-on", "1")],
        "/image/bend",
        [1, "rgb", "rotate", 0, 0, 0],
    ),
    "an amount": (
        [("bend-4-swirl", "1"), ("bend-4-amount-set", "25"), ("bend-4-on", "1")],
        "/image/bend",
        [4, "rgb", "swirl", 25, 0, 0],
    ),
    "a direction": (
        [("bend-1-translate", "1"), ("bend-1-x", "-0.5"), ("bend-1-y", "1"), ("bend-1-on", "1")],
        "/image/bend",
        [1, "rgb", "translate", 0, -0.5, 1],
    ),
    "noise": ([("noise-set", "0.5")], "/image/noise", [0.5, 0]),
    "its speed": ([("speed-set", "0.25")], "/image/noise", [1, 0.25]),
    "displacement": ([("displace-set", "0.5")], "/image/displace", [0.5, 0.5]),
    "its scale": ([("scale-set", "1")], "/image/displace", [0, 1]),
}


@pytest.mark.parametrize(("done", "address", "args"), CONTROLS.values(), ids=CONTROLS)
def test_a_control_is_a_command_that_the_server_takes(patch, done, address, args):
    for step in done:
        patch.do(*step)
    assert patch.asked(address) == (address, args)
    (command,) = parse(datagram(address, *patch.server.last))
    assert isinstance(command, Command)


def test_a_bend_that_is_on_follows_its_controls(patch):
    patch.do("bend-1-on", "1")
    patch.asked("/image/bend")
    patch.do("bend-1-amount-set", "0.5")
    assert patch.asked("/image/bend")[1] == [1, "rgb", "zoom", 0.5, 0, 0]
    patch.do("bend-1-hue", "1")
    assert patch.asked("/image/bend")[1] == [1, "rgb", "hue", 0, 0, 0]
    patch.do("bend-1-on", "0")
    assert patch.asked("/image/bend")[1] == [1]
    # Off, it says nothing more.
    patch.do("bend-1-amount-set", "0.25")
    patch.do("noise-set", "2")
    assert patch.asked() == ("/image/noise", [2, 0])


def test_what_others_have_set_is_shown_and_not_sent_again(patch):
    patch.listen("bend-1-set-on")
    patch.asked("/image/settings")
    patch.answer("/image/settings.reply", 0.8, 0.4, 0.2, "follow", 120.0)
    patch.answer("/image/noise", 2.0, 0.5)
    patch.answer("/image/bend", 1, "b8.conv1", "rotate", 1.5, 0.25, 0.0)
    patch.answer("/done", "/image/settings")
    while patch.pd.wait()[-1] != 1 or not str(patch.pd.heard[-1][0]).endswith("bend-1-set-on"):
        pass
    # The first that is sent is what is set here now.
    patch.do("bend-1-amount-set", "2")
    assert patch.asked("/image/bend")[1] == [1, "b8.conv1", "rotate", 2, 0.25, 0]


def test_the_cells_are_the_transforms():
    from pd import PD

    text = (PD / "hallu-bend.pd").read_text()
    for name in TRANSFORMS:
        assert f"\\$1-bend-\\$2-{name} " in text
        low, high = TRANSFORMS[name].fader
        assert f"#X msg {{}} {low:g} {high:g} {TRANSFORMS[name].rest:g};".split("{}")[1] in text
