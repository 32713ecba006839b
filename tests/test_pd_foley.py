"""foley.pd in a real Pd: its buttons make a sound for what a real renderer shows, and start and stop the loop."""

import numpy as np
import pytest
from test_foley_commands import places, showing, start  # noqa: F401 - fixtures
from waiting import until

from pd import PD, pd_running

RATE = 44100


@pytest.fixture(scope="module")
def patch(showing, tmp_path_factory):  # noqa: F811
    """The patch on a server that shows pictures; the model is loaded."""
    with pd_running(tmp_path_factory.mktemp("pd"), PD / "foley.pd", paths=()) as pd:
        patch = Patch(pd)
        pd.to("hallu-connect", f"127.0.0.1 {showing.port}")
        patch.press("load")
        assert patch.wait("says", "label") == ["loading ..."]
        pd.wait(patch.name("from"), "server", 1)
        pd.to(patch.name("set-model"), "symbol tone")
        patch.press("load")
        yield patch
        complaints = [line for line in pd.errors() if "couldn't find named array" not in line]
        assert complaints == []


class Patch:
    """Names are those in the patch, without their $0."""

    def __init__(self, pd):
        self.pd = pd
        self.number = pd.number_of("listen-sound")
        for name in ("from", "says", "loaded", "made", "round", "gain", "stream-says", "listen-answer"):
            pd.listen(self.name(name))

    def name(self, name):
        return f"{self.number}-{name}"

    def press(self, button):
        self.pd.to(self.name(f"{button}-button"), "bang")

    def wait(self, name, *words):
        return self.pd.wait(self.name(name), *words)


def test_the_model_is_named_with_its_seconds(patch):
    assert patch.wait("loaded", "label") == ["tone, 2 s"]


def test_a_sound_for_what_is_shown_arrives_at_its_level(patch):
    patch.pd.to(patch.name("seconds-set"), "1.5")
    patch.press("make")
    (gain,) = patch.wait("listen-answer", "gain", patch.name("listen-sound"))
    assert gain > 1.5
    _, frames, rate = patch.wait("listen-answer", "audio", patch.name("listen-sound"))
    assert (frames, rate) == (1.5 * RATE, RATE)
    patch.wait("made", "label", "done")
    assert until(lambda: len(patch.pd.array(patch.name("listen-sound"))) == 1.5 * RATE)
    assert np.abs(patch.pd.array(patch.name("listen-sound"))).max() > 0.005


def test_the_pictures_follow_it(patch):
    patch.press("make")
    patch.wait("from", "done", "/sound/play")


def test_what_is_wrong_is_shown(patch):
    patch.pd.to(patch.name("set-class"), "symbol loud")
    patch.press("make")
    assert "its classes are low" in patch.wait("says", "label")[0]
    patch.pd.to(patch.name("set-class"), "symbol -")


def test_a_sound_is_cancelled(patch):
    patch.pd.to(patch.name("set-model"), "symbol slow")
    patch.press("load")
    patch.wait("loaded", "label", "slow, 2 s")
    patch.pd.to(patch.name("seconds-set"), "30")
    patch.press("make")
    patch.wait("from", "progress", "/sound/from_image")
    patch.press("cancel")
    patch.wait("says", "label", "cancelled")
    patch.pd.to(patch.name("set-model"), "symbol tone")
    patch.press("load")
    patch.wait("loaded", "label", "tone, 2 s")


def test_the_loop_plays_round_after_round_and_ends(patch):
    patch.pd.to(patch.name("part-set"), "1")
    patch.press("start")
    rounds = [patch.wait("round", "label")[0] for _ in range(4)]
    assert [text.split(",")[0] for text in rounds] == ["part 0", "part 1", "part 2", "part 3"]
    # On a busy machine the first part may be reported before or after it plays.
    assert [patch.name("stream-says"), "playing", 1] in patch.pd.heard
    patch.pd.to(patch.name("amount-set"), "1")
    patch.wait("from", "done", "/sound/stream_set")
    patch.press("stop-loop")
    patch.wait("stream-says", "ended")
