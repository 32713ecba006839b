"""The window with the server's sessions, which every patch's bar opens, in a real Pd."""

import pytest
from conftest import RunningServer, running_with

from pd import pd_running

PATCH = "#N canvas 0 0 900 300 12;\n#X obj 20 10 hallu-bar strip;\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory, models):
    yield from running_with(RunningServer(tmp_path_factory.mktemp("server"), models), "magenta_small")


class Window:
    """The window, its labels and its buttons."""

    def __init__(self, pd, port):
        self.pd = pd
        pd.to("hallu-connect", f"127.0.0.1 {port}")
        pd.listen("strip-ask")
        self.number = next(n for n in range(1001, 1020) if self.knows(n))
        for name in ("said", "lost", "names", "name"):
            pd.listen(f"{self.number}-{name}")

    def knows(self, number):
        """Whether the window has this $0: only its own button passes a bang on."""
        self.pd.listen(f"{number}-next")
        self.pd.press(f"{number}-next-button")
        self.pd.to("report", "asked")
        self.pd.wait("asked")
        return any(message[0] == f"{number}-next" for message in self.pd.heard)

    def press(self, button):
        self.pd.press(f"{self.number}-{button}-button")

    def type(self, name):
        self.pd.to(f"{self.number}-set-name", f"symbol {name}")

    def wait(self, label, *words):
        return self.pd.wait(f"{self.number}-{label}", *words)


@pytest.fixture
def window(tmp_path, running):
    with pd_running(tmp_path, PATCH) as pd:
        yield Window(pd, running.port)


def test_a_session_is_saved_chosen_recalled_and_deleted(window, running):
    for name in ("encore", "opening"):
        window.type(name)
        window.press("save")
        assert window.wait("said", "label") == ["saved"]
    assert window.wait("names", "set", "encore", "opening") == []
    running.send("/sound/seed", 5)
    window.press("next")
    assert window.wait("name") == ["encore"]
    window.press("next")
    assert window.wait("name") == ["opening"]
    window.press("next")
    assert window.wait("name") == ["encore"]
    window.press("recall")
    assert window.wait("said", "label") == ["recalled"]
    assert ["strip-ask", "load", "magenta_small"] in window.pd.heard
    window.press("delete")
    assert window.wait("said", "label") == ["deleted"]
    assert running.send("/session/list")[0].args == ["opening"]
    running.send("/session/delete", "opening")
    assert window.pd.errors() == []


def test_a_session_that_is_not_there_is_said_and_an_empty_list_has_no_next(window):
    window.press("next")
    window.type("nothing")
    window.press("recall")
    assert "nothing" in window.wait("said", "label")[0]
    assert window.pd.errors() == []


def test_the_bars_button_asks_for_the_names(window, running):
    running.send("/session/save", "tonight")
    window.pd.press("strip-sessions")
    assert window.wait("names", "set") == ["tonight"]
    running.send("/session/delete", "tonight")
