"""The drop-in for the course's patches: their object, their messages, arrays named by the patch."""

import numpy as np
import pytest
from drop_in import assert_at_level

from pd import PD, pd_running, with_object

OBJECT = "pyext. sopimagenta.gansynth.pyext gansynth @detach 1"
COMPAT = (PD / "compat",)


@pytest.fixture
def pd(tmp_path, server):
    """A Pd with the course's object; messages enter its second inlet."""
    patch = with_object(OBJECT, inlet=1, arrays=("z", "z0", "z1", "sound", "sound2"))
    with pd_running(tmp_path, patch, paths=COMPAT) as running:
        running.to("hallu-connect", f"127.0.0.1 {server.port}")
        yield running


def test_the_courses_messages_get_the_courses_replies(pd, magenta, server):
    assert pd.ask("load magenta_small 4", "loaded") == [64000, 16000]
    assert pd.ask("randomize_z z z0", "randomized") == []
    assert pd.ask("slerp_z z z0 z1 0.5", "slerped") == []
    assert pd.ask("synthesize z sound 52 z1 sound2 55", "synthesized") == []
    wave = magenta.generate(pd.array("z1")[None], [55])[0]
    assert_at_level(server, pd.array("sound2"), wave, tolerance=1e-6)
    assert pd.ask("hallucinate sound 2 1 0.4 0 0.5 1 0.5", "hallucinated") == [round(2.8 * 16000)]
    assert pd.size("sound") == 2.8 * 16000
    known = {"loaded", "randomized", "slerped", "synthesized", "hallucinated", "progress"}
    assert {message[1] for message in pd.heard if message[0] == 0} == known
    assert pd.errors() == []


def test_a_failure_is_told_and_printed(pd):
    assert pd.ask("load nothing_like_it", "failed")
    assert "nothing_like_it" in pd.log


def test_the_first_inlet_takes_no_messages(tmp_path, server):
    with pd_running(tmp_path, with_object(OBJECT, inlet=0), paths=COMPAT) as pd:
        pd.say("randomize_z z")
        assert pd.size("z") == 0
        assert pd.heard == []


def test_unload_is_told(pd):
    pd.ask("load magenta_small", "loaded")
    assert pd.ask("unload", "unloaded") == []
    pd.ask("load magenta_small", "loaded")


def test_tabdump_gives_the_values_of_a_table(tmp_path):
    with pd_running(tmp_path, with_object("tabdump numbers", arrays=("numbers", "others")), paths=COMPAT) as pd:
        pd.to("numbers", "0 1 2 3 4 5 6 7.5")
        pd.say("bang")
        assert pd.wait(0) == [1, 2, 3, 4, 5, 6, 7.5]
        pd.say("set others")
        pd.say("bang")
        assert pd.wait(0) == [0] * 7


def test_list_drip_gives_the_elements_one_by_one(tmp_path):
    with pd_running(tmp_path, with_object("list-abs/list-drip"), paths=COMPAT) as pd:
        pd.say("list 3 apple 5")
        assert [pd.wait(0) for _ in range(3)] == [[3], ["apple"], [5]]


def test_a_model_without_the_courses_pitch_plays_its_nearest(tmp_path, band_server):
    patch = with_object(OBJECT, inlet=1, arrays=("z", "sound", "sound2"))
    with pd_running(tmp_path / "pd", patch, paths=COMPAT) as pd:
        pd.to("hallu-connect", f"127.0.0.1 {band_server.port}")
        pd.ask("load band", "loaded")
        assert "asks for pitch 32: this model plays 60 instead" in pd.log
        pd.ask("randomize_z z", "randomized")
        pd.ask("synthesize z sound 32 z sound2 60", "synthesized")
        assert np.array_equal(pd.array("sound"), pd.array("sound2"))
        assert "no pitch 33" in pd.ask("synthesize z sound 33", "failed")[0]


def test_a_model_with_the_courses_pitch_plays_it(pd, magenta, server):
    pd.ask("load magenta_small", "loaded")
    pd.ask("randomize_z z", "randomized")
    pd.ask("synthesize z sound 32", "synthesized")
    wave = magenta.generate(pd.array("z")[None], [32])[0]
    assert_at_level(server, pd.array("sound"), wave, tolerance=1e-6)
    assert "instead" not in pd.log
