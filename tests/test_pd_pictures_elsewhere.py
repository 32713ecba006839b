"""visuals.pd follows what the page and other patches set: it is shown, not sent again, and does not fight a hand."""

import pytest
from visuals import opened

SETTINGS = ("/image/settings.reply", 0.5, 0.25, 0.75, "free", 90.0, 207, 3)


@pytest.fixture
def visuals(tmp_path):
    with opened(tmp_path) as patch:
        yield patch


def tell_settings(visuals):
    visuals.answer(*SETTINGS)
    visuals.answer("/image/class_names", "golden retriever", "tiger shark")
    visuals.answer("/image/components", 12, "gen_z", "/models/own.npz")
    visuals.answer("/image/directions", "-", "bluer")
    visuals.answer("/image/edits", 0, -1.5)
    visuals.answer("/done", "/image/settings")
    visuals.heard("done", "settings")


def test_what_is_set_elsewhere_is_shown_and_not_told_again(visuals):
    dials = ("truncation", "jitter", "smooth", "bpm")
    for name in (*(f"{dial}-is" for dial in dials), "picture-name-2"):
        visuals.pd.listen(f"{visuals.number}-{name}")
    visuals.asked("/image/settings")
    tell_settings(visuals)
    received = {str(name).partition("-")[2]: values for name, *values in visuals.pd.heard}
    assert [received[f"{dial}-is"] for dial in dials] == [[0.5], [0.25], [0.75], [90]]
    assert received["picture-name-2"] == ["bluer"]
    assert list(visuals.pd.array(f"{visuals.number}-picture-edits")[:3]) == [0, -1.5, 0]
    visuals.do("free", "1")
    assert visuals.asked() == ("/image/mode", ["free"])


def test_a_count_that_is_known_is_not_asked_about_again(visuals):
    visuals.asked("/image/settings")
    tell_settings(visuals)
    visuals.asked("/image/status")
    visuals.answer("/image/status.reply", "patterns", "free", 30.0, 3, "-", "-", "own.npz", 1)
    visuals.heard("status")
    visuals.do("free", "1")
    assert visuals.asked() == ("/image/mode", ["free"])


def test_what_is_set_elsewhere_is_where_the_next_hand_begins(visuals):
    visuals.asked("/image/settings")
    tell_settings(visuals)
    visuals.do("drop-class-button")
    assert visuals.asked() == ("/image/classes", [207])
    visuals.do("picture-edit-changed")
    assert visuals.asked() == ("/image/edits", [0, -1.5])
    visuals.do("jitter-set", "0.5")
    assert visuals.asked() == ("/image/jitter", [0.5])


def test_another_model_has_another_file_of_directions(visuals):
    visuals.listen("set-file")
    visuals.asked("/image/settings")
    tell_settings(visuals)
    visuals.asked("/image/status")
    visuals.answer("/image/status.reply", "flowers", "free", 30.0, 3, "-", "-", "-", 2)
    visuals.heard("status", "flowers")
    visuals.pd.to("report", "checked")
    visuals.pd.wait("checked")
    boxes = [values[-1] for name, *values in visuals.pd.heard if str(name).endswith("-set-file")]
    assert boxes[-2:] == ["own.npz", "auto"]


def test_a_dial_does_not_follow_while_a_hand_is_on_it(visuals):
    visuals.pd.listen(f"{visuals.number}-jitter-is")
    visuals.asked("/image/settings")
    visuals.do("jitter-set", "0.9")
    tell_settings(visuals)
    jitter = [message[1] for message in visuals.pd.heard if message[0] == f"{visuals.number}-jitter-is"]
    assert jitter == [pytest.approx(0.9)]
    # When it rests, it is asked for again.
    assert visuals.asked() == ("/image/jitter", [pytest.approx(0.9)])
    visuals.asked("/image/settings")
    tell_settings(visuals)
    assert [f"{visuals.number}-jitter-is", 0.25] in visuals.pd.heard
