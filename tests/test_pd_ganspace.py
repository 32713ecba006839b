"""ganspacesynth.pd and ganspacesynth_noz.pd, played by their own buttons over a real server."""

from contextlib import closing

import numpy as np
import pytest
from directions_server import EIGHT, OTHERS, OWN, PICKLE, directions_server
from fake_server import FakeServer
from played import playing, same

from ganspace.edited_models import CoordinateModel, EditedModel
from pd import pd_running

LOAD = "load_ganspace_components"
WITHIN = 1e-3  # float32 on the way through Pd, and other batch sizes


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    yield from directions_server(tmp_path_factory.mktemp("walked"))


@pytest.fixture
def play(tmp_path, walked):
    """Open a shipped patch; its model's directions are loaded."""
    walked.running.send("/sound/unload")
    walked.running.send("/sound/load", "magenta_small")

    def start(patch):
        played = opened(patch, "edits")
        played.answer("loaded_pca")
        played.listen("edits-is", "edits-mark", "edits-count", "ask", "playing", "components-file")
        return played

    with playing(tmp_path, walked.running.port) as opened:
        start.opened = opened
        yield start


@pytest.fixture
def z_patch(play):
    return play("ganspacesynth.pd")


@pytest.fixture
def noz_patch(play):
    return play("ganspacesynth_noz.pd")


def moved(patch, *edits):
    """Set the sliders; what they tell."""
    patch.set("edits-set", " ".join(map(str, edits)))
    return patch.wait("edits-is")


def played_at(patch, pitch):
    patch.set("pitch-set", pitch)
    patch.press("play", "synthesized")
    return patch.array("sound")


def load(patch, verb, name):
    """Load a model or directions; the name of the components file that is loaded then."""
    patch.set("ask", f"{verb} {name}")
    patch.answer("loaded_pca")
    return files(patch)[-1]


def files(patch):
    """The names of the components files that were loaded, in order."""
    return [message[-1] for message in patch.pd.heard if message[0] == patch.name("components-file")]


def test_a_model_is_loaded_with_its_own_directions(z_patch):
    heard = z_patch.pd.heard
    assert [z_patch.name("answer"), "components", 128, "conv0"] == next(m for m in heard if "components" in m)[:4]
    assert [z_patch.name("answer"), "directions", "bright", "-", "airy"] in heard


def test_sliders_tell_values_without_zeros_at_the_end(z_patch):
    assert moved(z_patch, 1, 0, -2.5) == [1, 0, -2.5]
    assert moved(z_patch, 0, 0) == []
    assert moved(z_patch, *range(1, 20)) == list(range(1, 17))
    assert moved(z_patch, 0.12345, 300) == pytest.approx([0.123, 100])


def test_a_hand_on_each_slider_is_told_in_hundredths(z_patch):
    rows = range(z_patch.number, z_patch.number + 60)  # the $0 of the sixteen rows are among these
    for number in rows:
        z_patch.pd.to(f"{number}-moved", "1.234")
    assert np.allclose(z_patch.array("edits"), 1.23)
    received = [message[1:] for message in z_patch.pd.heard if message[0] == z_patch.name("edits-is")]
    assert [len(values) for values in received] == list(range(1, 17))
    for number in rows:
        z_patch.pd.press(f"{number}-zero-button")
    assert not z_patch.array("edits").any()


def test_the_sliders_move_the_timbre(z_patch, magenta, walked):
    z_patch.press("random", "randomized")
    moved(z_patch, 2, -1.5)
    z = z_patch.array("z")[None]
    assert same(played_at(z_patch, 47), EditedModel(magenta, walked.own, [2, -1.5]).generate(z, [47])[0], WITHIN)
    z_patch.press("zeros")
    assert same(played_at(z_patch, 47), magenta.generate(z, [47])[0], WITHIN)


def test_edits_are_set_as_soon_as_a_slider_rests(z_patch):
    moved(z_patch, 0.5, 1)
    assert z_patch.wait("ask", "set_edits") == [0.5, 1]
    assert z_patch.answer("edited") == []


def test_where_a_drawn_z_lies_is_marked(z_patch, magenta, walked):
    z_patch.press("random", "randomized")
    z_patch.set("z", "4 3.5")
    z_patch.press("where")
    marks = z_patch.wait("edits-mark")
    assert "marks" in z_patch.wait("say")[0]
    found = magenta.activations(z_patch.array("z")[None], [32], "conv0")
    assert walked.own.origin.pitch == 32
    assert np.allclose(marks, walked.own.coordinates(found, [32])[0], atol=1e-3)
    z_patch.press("random")
    assert z_patch.wait("edits-mark") == []


def test_the_timbre_before_comes_back(z_patch):
    z_patch.press("random", "randomized")
    first = z_patch.array("z")
    z_patch.press("random", "randomized")
    z_patch.press("previous")
    assert np.array_equal(first, z_patch.array("z"))


def test_a_note_is_played_whenever_a_slider_rests_if_wanted(z_patch):
    z_patch.press("random", "randomized")
    z_patch.set("set-live", 1)
    moved(z_patch, 1)
    z_patch.answer("synthesized")


def test_the_note_reaches_the_loudspeakers(noz_patch):
    noz_patch.press("play")
    assert noz_patch.wait("playing") == [1]
    assert noz_patch.wait("playing") == [0]
    assert np.abs(noz_patch.array("sound")).max() > 1e-3


def test_coordinates_alone_are_a_sound_at_its_pitch(noz_patch, magenta, walked):
    moved(noz_patch, -1, 2)
    notes = CoordinateModel(magenta, walked.own).generate(np.array([[-1, 2.0]] * 2), [47, 60])
    assert same(played_at(noz_patch, 47), notes[0], WITHIN)
    assert same(played_at(noz_patch, 60), notes[1], WITHIN)
    assert not same(notes[0], notes[1], 0.1)


def test_a_file_with_fewer_directions_has_fewer_sliders(noz_patch, magenta, walked):
    load(noz_patch, "load", "other")
    load(noz_patch, LOAD, EIGHT)
    assert [m[1] for m in noz_patch.pd.heard if m[0] == noz_patch.name("edits-count")][-1] == 8
    assert len(moved(noz_patch, *[0.5] * 16)) == 8
    wanted = CoordinateModel(magenta, walked.eight).generate(np.full((1, 8), 0.5), [47])[0]
    assert same(played_at(noz_patch, 47), wanted, WITHIN)


def test_another_model_brings_its_own_directions(noz_patch):
    assert load(noz_patch, LOAD, PICKLE) == PICKLE
    assert load(noz_patch, "load", "other") == OTHERS


def test_a_file_that_does_not_know_the_pitch_says_so(noz_patch):
    for number in range(noz_patch.number, noz_patch.number + 60):  # the $0 of the strip is among these
        noz_patch.pd.listen(f"{number}-info")
    load(noz_patch, LOAD, PICKLE)
    received = [message[2] for message in noz_patch.pd.heard if message[1:2] == ["label"]]
    assert received[-1] == "512 directions of conv0, one pitch without z"


def test_the_same_model_keeps_the_file_that_was_chosen(noz_patch):
    load(noz_patch, LOAD, PICKLE)
    noz_patch.set("ask", "load magenta_small")
    noz_patch.answer("loaded")
    assert files(noz_patch)[-1] == PICKLE


def test_a_file_can_be_named_for_the_model_that_is_loaded(noz_patch):
    load(noz_patch, LOAD, PICKLE)
    noz_patch.set("components", f"symbol {OWN}")
    assert load(noz_patch, "load", "magenta_small") == OWN


def test_a_file_can_be_named_for_the_model_that_comes_next(noz_patch):
    noz_patch.set("components", f"symbol {EIGHT}")
    assert load(noz_patch, "load", "other") == EIGHT


def test_by_chance_goes_where_a_random_timbre_lies(noz_patch, magenta, walked):
    noz_patch.press("chance")
    received = noz_patch.wait("edits-is")
    found = magenta.activations(noz_patch.array("chance-z")[None], [32], "conv0")
    assert np.allclose(received, walked.own.coordinates(found, [32])[0, :16], atol=1e-3)


def sweep(patch, which, stride):
    """The edits of the notes that a sweep asks for, until the sliders are back."""
    before = patch.array("edits")
    for name, value in {"which-set": which, "stride-set": stride}.items():
        patch.set(name, value)
    patch.press("sweep")
    start = len(patch.pd.heard)
    patch.wait("sweep-text", "label", "the sliders are as before")
    assert np.array_equal(before, patch.array("edits"))
    return [m[4:] for m in patch.pd.heard[start:] if m[:2] == [patch.name("ask"), "synthesize_noz"]]


def test_a_sweep_visits_one_direction_and_puts_the_sliders_back(noz_patch):
    noz_patch.listen("sweep-text")
    moved(noz_patch, 1, -1, 0.5)
    start = len(noz_patch.pd.heard)
    assert sweep(noz_patch, 2, 3) == [[0, -3], [], [0, 3]]
    # Each note is heard to its end.
    assert [m[1] for m in noz_patch.pd.heard[start:] if m[0] == noz_patch.name("playing")] == [1, 0] * 3
    noz_patch.set("set-alone", 0)
    assert sweep(noz_patch, 3, 3) == [[1, -1, -3], [1, -1], [1, -1, 3]]


def test_a_sweep_can_be_stopped(noz_patch):
    noz_patch.listen("sweep-text")
    moved(noz_patch, 1, -1)
    noz_patch.press("sweep")
    noz_patch.wait("playing", 1)
    noz_patch.press("halt")
    noz_patch.wait("playing", 0)
    assert noz_patch.array("edits")[:3].tolist() == [1, -1, 0]


def test_a_note_that_fails_ends_the_sweep(noz_patch):
    noz_patch.listen("sweep-text")
    noz_patch.set("ask", "unload")
    noz_patch.answer("unloaded")
    noz_patch.press("sweep")
    assert "no model" in noz_patch.answer("failed")[0]
    noz_patch.wait("sweep-text", "label", "the sliders are as before")
    noz_patch.set("edits-set", "1")
    noz_patch.wait("sweep-text", "label", "empty")
    noz_patch.set("ask", "load magenta_small")
    noz_patch.answer("loaded_pca")


def test_a_patch_that_opens_keeps_and_shows_directions_and_edits(play, walked):
    first = play("ganspacesynth.pd")
    load(first, LOAD, PICKLE)
    moved(first, 1, -2)
    first.answer("edited")
    second = play.opened("ganspacesynth.pd", "edits")
    second.listen("edits-is", "components-file", "ask")
    assert [second.name("answer"), "edits_set", 1, -2] in second.pd.heard
    assert second.array("edits").tolist() == [1, -2, *[0] * 14]
    assert walked.running.send("/status")[0].args[1] == PICKLE
    assert walked.running.send("/sound/load", "magenta_small")[5].args == [1, -2]
    second.press("random", "randomized")
    assert [message for message in second.pd.heard if message[:2] == [second.name("ask"), LOAD]] == []


def test_a_patch_of_another_kind_that_opens_keeps_the_edits(play, walked):
    first = play("ganspacesynth.pd")
    moved(first, 1, -2)
    first.answer("edited")
    first.press("random", "randomized")
    second = play.opened("gansynth.pd", "z")
    second.press("random", "randomized")
    assert walked.running.send("/sound/load", "magenta_small")[5].args == [1, -2]


def test_names_go_with_their_directions(tmp_path):
    strip = "#N canvas 0 0 900 600 12;\n#X obj 20 10 hallu-bar strip;\n#X obj 20 120 hallu-edits strip;\n"
    walked = (("/sound/components", 2, "conv0", "one_conv0.npz"), ("/sound/directions", "-", "airy"))
    with closing(FakeServer()) as server, pd_running(tmp_path, strip) as pd:
        for name in ("answer", "name-1", "name-2"):
            pd.listen(f"strip-{name}")
        pd.to("hallu-connect", f"127.0.0.1 {server.port}")
        for model, replies, name in (("one", walked, "airy"), ("two", (), "empty")):
            pd.to("strip-ask", f"load {model}")
            while (request := server.receive())[0] != "/sound/load":
                server.send(request[2], "/done", request[0])
            for reply in (("/sound/loaded", model, 100, 16000, 4, 40), *replies, ("/done", "/sound/load")):
                server.send(request[2], *reply)
            pd.wait("strip-answer", "loaded")
            assert [message for message in pd.heard if message[0] == "strip-name-2"][-1][-1] == name
