"""The strip of conditions, clicked cell by cell in a real Pd on a real server."""

import pytest

from pd import pd_running

PATCH = "#N canvas 0 0 900 300 12;\n#X obj 20 10 hallu-bar strip;\n#X obj 20 120 hallu-conditions strip;\n"


class Strip:
    """The patch above; cell 0 is "any", the others are the values of the condition that is shown."""

    def __init__(self, pd, port):
        self.pd = pd
        pd.listen("strip-ask")
        pd.listen("strip-answer")
        pd.to("hallu-connect", f"127.0.0.1 {port}")
        pd.wait("strip-answer", "conditions")
        self.number = pd.number_of("state")

    def click(self, cell, to=1):
        """The condition that the server says is set after a click."""
        self.pd.to(f"{self.number}-cell{cell}-button", str(to))
        return self.pd.wait("strip-answer", "conditioned")

    def crosses(self):
        """Which cells have a cross."""
        return self.pd.array(f"{self.number}-state").nonzero()[0].tolist()


@pytest.fixture
def strip(tmp_path, band_server):
    """A strip that plays a model with families and qualities, none of them set."""
    band_server.send("/sound/unload")
    band_server.send("/sound/load", "band")
    with pd_running(tmp_path, PATCH) as pd:
        yield Strip(pd, band_server.port)
        assert [line for line in pd.errors() if "couldn't find named array" not in line] == []


def test_clicks_set_what_the_server_then_says(strip):
    assert strip.crosses() == [0]
    assert strip.click(2) == ["family", "brass"]
    assert strip.crosses() == [2]
    assert strip.click(7) == ["family", "organ"]
    assert strip.crosses() == [7]
    assert strip.click(7, to=0) == ["family", "any"]
    assert strip.crosses() == [0]
    strip.pd.press(f"{strip.number}-next-button")
    assert strip.click(1) == ["qualities", "bright"]
    assert strip.click(9) == ["qualities", "bright", "reverb"]
    assert strip.crosses() == [1, 9]
    assert strip.click(1, to=0) == ["qualities", "reverb"]
    assert strip.click(0) == ["qualities", "any"]
    assert strip.crosses() == [0]


def test_a_condition_that_another_part_sets_is_shown(strip):
    strip.pd.to("strip-ask", "condition family reed")
    assert strip.pd.wait("strip-answer", "conditioned") == ["family", "reed"]
    assert strip.crosses() == [8]


def test_loading_again_keeps_the_crosses(strip):
    strip.click(2)
    strip.pd.to("strip-ask", "load band")
    strip.pd.wait("strip-answer", "conditions")
    assert strip.crosses() == [2]


def test_unloading_first_clears_the_crosses(strip):
    strip.click(2)
    strip.pd.to("strip-ask", "unload")
    strip.pd.to("strip-ask", "load band")
    strip.pd.wait("strip-answer", "conditions")
    assert strip.crosses() == [0]


def test_a_model_without_conditions_has_no_cells(tmp_path, server):
    with pd_running(tmp_path, PATCH) as pd:
        strip = Strip(pd, server.port)
        start = len(pd.heard)
        pd.press(f"{strip.number}-next-button")
        pd.to(f"{strip.number}-cell3-button", "1")
        pd.to("strip-ask", "status")
        pd.wait("strip-answer", "status")
        assert [message for message in pd.heard[start:] if message[:2] == ["strip-ask", "condition"]] == []


def test_until_the_server_has_answered_the_strip_does_not_say_that_there_is_nothing_to_choose(strip):
    strip.pd.to("strip-ask", "unload")
    strip.pd.wait("strip-answer", "unloaded")
    strip.pd.listen(f"{strip.number}-told")
    start = len(strip.pd.heard)
    strip.pd.to("strip-ask", "load band")
    strip.pd.wait("strip-answer", "conditions")
    heard = strip.pd.heard[start:]
    before = heard[: heard.index(["strip-ask", "conditions"])]
    assert [message[2] for message in before if message[1] == "label"][-1] == "asking ..."


def test_no_name_lies_under_the_next_cell(strip):
    for cell in range(12):
        strip.pd.listen(f"{strip.number}-cell{cell}-button")
    start = len(strip.pd.heard)
    strip.pd.press(f"{strip.number}-next-button")
    strip.pd.to("strip-ask", "status")
    strip.pd.wait("strip-answer", "status")
    told = [message for message in strip.pd.heard[start:] if str(message[0]).endswith("-button")]
    names = [message[2] for message in told if message[1] == "label" and message[2] != "empty"]
    places = [message[2:] for message in told if message[1] == "pos"][-len(names) :]
    assert "nonlinear_env" in names
    # A name begins 26 pixels after its cell; a letter of the patches' font is 7 wide, and there are 862 in all.
    for name, (x, y) in zip(names, places, strict=True):
        assert x + 26 + 7 * len(name) < min([left for left, top in places if top == y and left > x], default=862)
