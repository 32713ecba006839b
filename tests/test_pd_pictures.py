"""visuals.pd and its parts in a real Pd: each control once, and what is sent to a server in the test's hand."""

from contextlib import closing

import numpy as np
import pytest
import test_pd_bending
from conftest import datagram
from fake_server import FakeServer
from visuals import opened, shown

from core.commands.image import IMAGE_COMMANDS
from core.commands.reading import Command
from pd import pd_running
from server.osc.dispatcher import parse

SLIDERS = "#N canvas 0 0 900 600 12;\n#X obj 20 10 hallu-bar two;\n#X obj 20 120 hallu-edits two;\n"
SLIDERS += "#X obj 500 120 hallu-pictures two;\n"


@pytest.fixture
def visuals(tmp_path):
    with opened(tmp_path) as patch:
        yield patch


# What is done in the patch, and what the server then hears.
CONTROLS = {
    "a name loads": ([("set-name", "symbol sea"), ("load-button",)], "/image/load", ["sea"]),
    "a class is added": ([("class", "symbol tiger\\ cat")], "/image/classes", ["tiger cat"]),
    "the renderer chooses": ([("any-class-button",)], "/image/classes", []),
    "truncation": ([("truncation-set", "0.5")], "/image/truncation", [0.5]),
    "jitter": ([("jitter-set", "0.9")], "/image/jitter", [pytest.approx(0.9)]),
    "smooth": ([("smooth-set", "1")], "/image/smooth", [1]),
    "follow": ([("follow", "1")], "/image/mode", ["follow"]),
    "tempo": ([("tempo", "1")], "/image/mode", ["tempo"]),
    "free": ([("free", "1")], "/image/mode", ["free"]),
    "bpm": ([("bpm-set", "90")], "/image/bpm", [90]),
    "an oscillator": (
        [("oscillator-set", "2"), ("magnitude-set", "1.5"), ("beats-set", "8"), ("ramp", "1"), ("oscillate-button",)],
        "/image/oscillator",
        [2, "ramp", 1.5, 8],
    ),
    "axes": (
        [("first-axis-set", "3"), ("axes-set", "3"), ("function", "symbol sin+0.25"), ("oscillate-button",)],
        "/image/oscillator",
        [1, "sin+0.25", 1, 4, 3, 4, 5],
    ),
    "an oscillator rests": ([("axes-set", "3"), ("rest-button",)], "/image/oscillator", [1, "sin", 0, 4]),
    "directions": ([("picture-load-directions-button",)], "/image/load_ganspace_components", ["auto"]),
    "a slider": ([("picture-edits-set", "0 1.5")], "/image/edits", [0, 1.5]),
    "all to 0": ([("picture-zeros-button",)], "/image/edits", []),
    "record": ([("record-button",)], "/image/record", ["start"]),
    "record with a name": ([("set-file", "symbol take"), ("record-button",)], "/image/record", ["start", "take"]),
    "stop": ([("set-file", "symbol take"), ("end-button",)], "/image/record", ["stop"]),
    "snapshot": ([("snapshot-button",)], "/image/snapshot", []),
    "snapshot with a name": ([("set-file", "symbol a\\ b"), ("snapshot-button",)], "/image/snapshot", ["a b"]),
    "a fader": ([("fader-set", "0.5")], "/image/signal", ["fader", 0.5]),
    "a control follows a signal": (
        [
            ("set-control", "symbol class"),
            ("set-which", "symbol tench"),
            ("set-low", "0.25"),
            ("set-high", "0.75"),
            ("map-button",),
        ],
        "/image/map",
        ["class", "tench", "level", 0.25, 0.75],
    ),
    "truncation follows": ([("map-button",)], "/image/map", ["truncation", "level", pytest.approx(0.1), 1]),
    "a control is free": ([("unmap-button",)], "/image/map", ["truncation"]),
    "black": ([("black", "1")], "/image/fade", [0, 2]),
    "the picture again": ([("black", "0")], "/image/fade", [1, 2]),
    "a virtual camera": ([("camera", "1")], "/image/output", ["camera", "on"]),
    "no NDI any more": ([("ndi", "0")], "/image/output", ["ndi", "off"]),
    "status": ([], "/image/status", []),
    "settings": ([], "/image/settings", []),
}


@pytest.mark.parametrize(("done", "address", "args"), CONTROLS.values(), ids=CONTROLS)
def test_a_control_is_a_command_that_the_server_takes(visuals, done, address, args):
    for step in done:
        visuals.do(*step)
    assert visuals.asked(address) == (address, args)
    (command,) = parse(datagram(address, *visuals.server.last))
    assert isinstance(command, Command)


def test_every_command_for_pictures_has_a_control():
    controls = [*CONTROLS.values(), *test_pd_bending.CONTROLS.values()]
    # hallu-record~ reports its blocks by itself, see test_pd_record.py.
    assert {address for _, address, _ in controls} | {"/image/mix"} == {row.address for row in IMAGE_COMMANDS}


def test_opening_the_patch_changes_nothing(visuals):
    visuals.do("free", "1")
    assert visuals.asked() == ("/image/mode", ["free"])


def test_the_status_is_asked_for_again_and_again_and_shown(visuals):
    for name in ("page", "info", "plays"):
        visuals.listen(name)
    visuals.pd.listen(f"{visuals.number}-mode-is")
    for _ in range(2):
        assert visuals.asked("/image/status")[1] == []
    visuals.answer("/image/status.reply", "patterns", "free", 29.96, 3, "http://here:1/", "trip", "-")
    while not visuals.shown("info").startswith("free"):
        pass
    received = [message[2] for message in visuals.pd.heard if message[1:2] == ["label"]]
    assert {"page http://here:1/", "plays trip", "free, 30 pictures a second, 3 left out"} <= set(received)
    assert visuals.pd.wait(f"{visuals.number}-mode-is") == ["free"]


@pytest.mark.parametrize(("target", "plays"), [("trip", "trip"), ("h04d2c3a1-1003-sound", "1003-sound")])
def test_what_plays_is_shown_without_the_token_of_a_client(visuals, target, plays):
    visuals.listen("plays")
    visuals.asked("/image/status")
    visuals.answer("/image/status.reply", "patterns", "free", 30.0, 3, "-", target, "-")
    assert visuals.shown("plays") == f"plays {plays}"


def test_what_the_renderer_refuses_is_said(visuals):
    visuals.listen("says")
    visuals.do("load-button")
    visuals.asked("/image/load")
    assert visuals.shown("says") == "loading motifs ..."
    visuals.answer("/fail", "/image/load", "-", "no image model 'motifs'")
    assert visuals.shown("says") == "no image model 'motifs'"


def test_classes_gather_and_the_last_one_goes(visuals):
    visuals.do("class", "symbol moon")
    assert visuals.asked() == ("/image/classes", ["moon"])
    visuals.answer("/image/class_names", "moon")
    visuals.heard("class_names")
    visuals.do("class", "207")
    assert visuals.asked() == ("/image/classes", ["moon", 207])
    visuals.answer("/image/class_names", "moon", "golden retriever")
    visuals.heard("class_names")
    visuals.do("drop-class-button")
    assert visuals.asked() == ("/image/classes", ["moon"])


def test_a_class_that_is_refused_is_not_asked_for_again(visuals):
    visuals.do("class", "symbol mooon")
    visuals.asked()
    visuals.answer("/fail", "/image/classes", "-", "the model has no class 'mooon'")
    visuals.heard("failed")
    visuals.do("class", "symbol moon")
    assert visuals.asked() == ("/image/classes", ["moon"])


def test_the_classes_that_are_on_are_shown(visuals):
    for name in ("line0", "line1", "count"):
        visuals.listen(name)
    names = [f"a rather long name {number}" for number in range(5)]
    visuals.do("any-class-button")
    visuals.asked()
    visuals.answer("/image/class_names", *names)
    assert visuals.shown("count") == "5 on"
    lines = {str(m[0]).rpartition("-")[2]: m[2] for m in visuals.pd.heard if m[1:2] == ["label"] and m[2] != "empty"}
    assert lines["line0"] + lines["line1"] == ", ".join(names)


def test_the_file_that_was_kept_is_shown(visuals):
    visuals.listen("kept")
    visuals.do("snapshot-button")
    visuals.asked()
    visuals.answer("/image/file", "/home/me/pictures/one of them.png")
    assert visuals.shown("kept") == "one of them.png"


def test_directions_give_their_names_to_the_sliders(visuals):
    visuals.pd.listen(f"{visuals.number}-picture-name-2")
    visuals.pd.listen(f"{visuals.number}-picture-edits-count")
    visuals.do("picture-load-directions-button")
    visuals.asked()
    visuals.answer("/image/components", 12, "gen_z", "patterns_gen_z.npz")
    visuals.answer("/image/directions", "-", "bluer")
    visuals.pd.wait(f"{visuals.number}-picture-name-2", "bluer")
    assert [f"{visuals.number}-picture-edits-count", 12] in visuals.pd.heard


def test_directions_that_another_client_has_dropped_are_shown_as_gone(visuals):
    visuals.pd.listen(f"{visuals.number}-picture-name-1")
    visuals.do("picture-answer", "directions bluer")
    for components in ("own.npz", "-"):
        visuals.asked("/image/status")
        visuals.answer("/image/status.reply", "patterns", "free", 30.0, 3, "-", "-", components)
    visuals.pd.wait(f"{visuals.number}-picture-name-1", "empty")
    visuals.do("free", "1")
    assert visuals.asked() == ("/image/mode", ["free"])


def test_by_chance_moves_all_sliders_as_far_as_chance_does(visuals):
    moved = []
    for _ in range(8):
        visuals.do("picture-chance-button")
        moved.append(visuals.asked()[1])
    assert {len(edits) for edits in moved} == {16}
    assert 0.7 < np.std(moved) < 1.3
    assert len(np.unique(np.round(moved, 3))) > 100


@pytest.fixture
def server():
    with closing(FakeServer()) as server:
        yield server


@pytest.fixture
def both(tmp_path, server):
    """Sixteen sliders of sounds with the switch that lets them move the pictures too."""
    with pd_running(tmp_path, SLIDERS) as pd:
        pd.listen("two-answer")
        pd.listen("two-ask")
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        # A command waits for the server.
        pd.to("two-ask", "image mode follow")
        assert server.receive()[0] == "/image/mode"
        yield pd


def test_sliders_move_sound_alone_until_they_are_told(both, server):
    both.to("two-edits-set", "1 2")
    both.to("two-ask", "seed 1")
    both.wait("two-ask", "seed", 1)
    assert not any(message[:3] == ["two-ask", "image", "edits"] for message in both.heard)


def test_sliders_move_the_pictures_too(both, server):
    both.to("two-edits-set", "1 2")
    both.to("two-set-pictures-too", "1")
    both.to("two-edits-set", "0.5")
    both.to("two-set-pictures-too", "0")
    both.to("two-edits-set", "3")
    both.to("two-ask", "image mode free")
    asked = [server.receive()[:2] for _ in range(4)]
    assert [args for address, args in asked if address == "/image/edits"] == [[1, 2], [0.5], []]
    assert asked[-1][0] == "/image/mode"


def test_pictures_without_directions_are_given_their_own_once(both, server):
    both.to("two-set-pictures-too", "1")
    server.receive()
    both.to("two-edits-set", "1")
    _, _, sender = server.receive()
    for _ in range(2):
        server.send(sender, "/fail", "/image/edits", "-", "no directions of pictures are loaded")
    assert server.receive()[:2] == ("/image/load_ganspace_components", ["auto"])
    server.send(sender, "/image/components", 8, "gen_z", "own.npz")
    assert server.receive()[:2] == ("/image/edits", [1])


def test_a_bar_says_why_pictures_do_not_move_and_the_sound_goes_on(both, server):
    for number in range(1000, 1060):
        both.listen(f"{number}-says")
    both.to("two-ask", "unload")
    _, _, sender = server.receive()
    while shown(both, "says") != "unload ...":
        pass
    server.send(sender, "/fail", "/image/edits", "-", "no renderer is there")
    assert shown(both, "says") == "no renderer is there"
    assert not any(message[:2] == ["two-answer", "failed"] for message in both.heard)
    server.send(sender, "/done", "/sound/unload")
    both.wait("two-answer", "unloaded")
