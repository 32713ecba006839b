"""What other clients set for the sounds: open patches follow it, and change nothing by that."""

import time

import pytest
from directions_server import EIGHT, OTHERS, OWN, directions_server
from played import playing
from test_pd_conditions import PATCH as STRIP
from test_pd_conditions import Strip
from waiting import until

from pd import pd_running

# Longer than the second between two questions of a patch, and than the one after a hand on it.
A_WHILE_S = 2.5


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    yield from directions_server(tmp_path_factory.mktemp("walked"))


@pytest.fixture
def send(walked):
    walked.running.send("/sound/unload")
    walked.running.send("/sound/load", "magenta_small")
    walked.running.send("/sound/load_ganspace_components", OWN)
    return walked.running.send


@pytest.fixture
def patch(tmp_path, walked, send):
    """ganspacesynth.pd, which has just been opened."""
    with playing(tmp_path, walked.running.port) as opened:
        played = opened("ganspacesynth.pd", "edits")
        played.listen("ask", "edits-is", "components-file")
        yield played


def edits_on(send):
    """What is set on the server."""
    return next(reply.args for reply in send("/sound/settings") if reply.address == "/sound/edited")


def shows(patch, *edits):
    """Whether the first sliders come to these values."""
    return until(lambda: patch.array("edits")[: len(edits)].tolist() == pytest.approx(list(edits)))


def test_sliders_show_what_another_client_sets_and_do_not_send_it(patch, send):
    send("/sound/set_edits", 1.23456, -2.0, *[0.0] * 20, 0.5)
    assert shows(patch, 1.235, -2.0)
    time.sleep(A_WHILE_S)
    assert edits_on(send) == pytest.approx([1.23456, -2.0, *[0.0] * 20, 0.5])
    assert not [message for message in patch.pd.heard if message[:2] == [patch.name("ask"), "set_edits"]]


def test_a_patch_that_opens_leaves_the_edits_as_they_are(tmp_path, walked, send):
    send("/sound/set_edits", 1.23456)
    with playing(tmp_path, walked.running.port) as opened:
        assert shows(opened("ganspacesynth.pd", "edits"), 1.235)
        time.sleep(A_WHILE_S)
    assert edits_on(send) == pytest.approx([1.23456])


def test_two_patches_agree_after_either_is_moved(tmp_path, walked, send):
    with playing(tmp_path / "one", walked.running.port) as one, playing(tmp_path / "two", walked.running.port) as two:
        first, second = one("ganspacesynth.pd", "edits"), two("ganspacesynth.pd", "edits")
        first.set("edits-set", "0.5 1")
        assert shows(second, 0.5, 1)
        second.set("edits-set", "-2")
        assert shows(first, -2, 0)
        time.sleep(A_WHILE_S)
        assert first.array("edits")[0] == second.array("edits")[0] == -2


def test_a_hand_that_moves_a_slider_is_not_disturbed(patch, send):
    for step in range(1, 30):
        patch.set("edits-set", step / 10)
        if step % 10 == 5:
            send("/sound/set_edits", 9.0)
        time.sleep(0.1)
        assert patch.array("edits")[0] == pytest.approx(step / 10)
    assert until(lambda: edits_on(send) == pytest.approx([2.9]))


def test_a_model_that_another_client_loads_is_shown_without_new_directions(patch, send):
    patch.listen("pitches")
    send("/sound/load", "other")
    send("/sound/load_ganspace_components", EIGHT)
    send("/sound/set_edits", 3.0)
    patch.answer("model", "other")
    assert shows(patch, 3.0)
    assert until(lambda: any(str(word).endswith(EIGHT) for message in patch.pd.heard for word in message))
    time.sleep(A_WHILE_S)
    replies = {reply.address: reply.args for reply in send("/sound/settings")}
    assert replies["/sound/components"][2].endswith(EIGHT)
    assert replies["/sound/edited"] == [3.0]


def test_a_model_without_directions_stays_so(patch, send):
    send("/sound/load", "other")
    patch.answer("loaded")
    time.sleep(A_WHILE_S)
    assert "/sound/components" not in [reply.address for reply in send("/sound/settings")]
    patch.set("ask", "load other")
    patch.answer("loaded_pca")
    assert send("/status")[0].args[1] == OTHERS


def test_another_client_unloads_and_loads(patch, send):
    send("/sound/unload")
    patch.answer("unloaded")
    send("/sound/load", "magenta_small")
    patch.answer("model", "magenta_small")
    patch.answer("loaded")


def test_the_strip_shows_the_family_that_another_client_chooses(tmp_path, band_server):
    band_server.send("/sound/unload")
    band_server.send("/sound/load", "band")
    with pd_running(tmp_path, STRIP) as pd:
        strip = Strip(pd, band_server.port)
        band_server.send("/sound/condition", "family", "brass")
        assert until(lambda: strip.crosses() == [2])
        band_server.send("/sound/condition", "family", "any")
        assert until(lambda: strip.crosses() == [0])


def test_the_live_patch_shows_what_another_client_sets(tmp_path, walked, send):
    with playing(tmp_path, walked.running.port) as opened:
        live = opened("hallu_live.pd", "recording")
        live.listen("direction1-is", "direction3-is")
        send("/sound/set_edits", 1.0, 0.0, -0.5)
        assert live.wait("direction3-is") == [-0.5]
        time.sleep(A_WHILE_S)
        assert edits_on(send) == [1.0, 0.0, -0.5]
